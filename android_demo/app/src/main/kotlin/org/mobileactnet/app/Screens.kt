/* Live, photo, history and item screen: from state to content. */
package org.mobileactnet.app

import org.mobileactnet.PhotoInbox

/** Shown once, before the camera is asked for. */
fun welcomeContent(words: Words) = ScreenContent(
    words("app"),
    listOf(
        Block.Heading(words("welcome_title")),
        Block.Paragraph(words("welcome_text")),
        Block.Button(words("welcome_start"), Action.Start),
        pickPhoto(words)
    )
)

/**
 * The live screen: the camera, and what it sees.
 *
 * @param torch whether the lamp is on; null where there is none.
 */
fun liveContent(state: LiveState, settings: Settings, torch: Boolean?, words: Words): ScreenContent {
    val blocks = when (state) {
        LiveState.Starting -> listOf(preview(null, words), Block.Paragraph(words("camera_starting")))
        is LiveState.NoPermission -> permissionBlocks(state.mayAsk, words)
        is LiveState.Failed -> problem("camera_missing", state.sentence, words) + pickPhoto(words)
        LiveState.Paused -> listOf(Block.Problem(words("camera_hot")), pickPhoto(words))
        is LiveState.Seeing -> seeingBlocks(state, settings, torch, words)
    }
    return ScreenContent(words("screen_live"), blocks)
}

internal fun pickPhoto(words: Words) = Block.Button(words("pick_photo"), Action.PickPhoto)

/** What is wrong for a visitor, and the sentence that tells an owner why. */
internal fun problem(key: String, sentence: String, words: Words): List<Block> =
    listOf(Block.Problem(words(key)), Block.Paragraph(words("details", sentence)))

private fun preview(answer: Sight.Answered?, words: Words) =
    Block.Preview(words("camera_preview"), answer?.outline, aims = answer == null)

private fun permissionBlocks(mayAsk: Boolean, words: Words): List<Block> = listOf(
    Block.Heading(words("camera_refused")),
    Block.Paragraph(words("camera_why")),
    if (mayAsk) {
        Block.Button(words("camera_allow"), Action.AskForCamera)
    } else {
        Block.Button(words("camera_settings"), Action.OpenSystemSettings)
    },
    pickPhoto(words)
)

private fun seeingBlocks(state: LiveState.Seeing, settings: Settings, torch: Boolean?, words: Words): List<Block> {
    val answer = state.sight as? Sight.Answered
    val lamp = torch?.let { Block.Button(words(if (it) "torch_off" else "torch_on"), Action.Torch(!it)) }
    val still = Block.Button(words(if (state.frozen) "unfreeze" else "freeze"), Action.Freeze(!state.frozen))
    return listOf(preview(answer, words)) + sightBlocks(state.sight, live = true, words) +
        listOfNotNull(still, lamp, pickPhoto(words)) +
        if (settings.developer) developerBlocks(state, words) else emptyList()
}

private fun developerBlocks(state: LiveState.Seeing, words: Words): List<Block> =
    figureBlocks(state.figures, state.framesPerSecond) + Block.Button(words("gallery_add_frame"), Action.AddFrame)

/** [live] sights change by themselves, and what is not known yet may still come. */
private fun sightBlocks(sight: Sight, live: Boolean, words: Words): List<Block> = when (sight) {
    Sight.Empty -> listOf(Block.Heading(words("empty"), announced = true))

    Sight.Nothing -> if (live) {
        listOf(Block.Paragraph(words("looking")))
    } else {
        listOf(Block.Heading(words("unknown"), announced = true), Block.Paragraph(words("unknown_text")))
    }

    is Sight.Asked -> listOf(Block.Heading(words("maybe"), announced = true)) +
        sight.things.map { row(it, Action.Pick(it.pictureId), words) } +
        Block.Button(words("maybe_none"), Action.NoneOfThese)

    is Sight.Answered -> listOf(
        Block.Heading(words("verified_said", sight.thing.named(words)), announced = true),
        row(sight.thing, Action.ShowPicture(sight.thing.pictureId), words)
    ) + others(sight.others, words)
}

private fun others(things: List<Thing>, words: Words): List<Block> = if (things.isEmpty()) {
    emptyList()
} else {
    listOf(Block.Heading(words("others"))) + things.map { row(it, Action.ShowPicture(it.pictureId), words) }
}

/** A thing with its maker; a photo of this phone says that it is one. */
internal fun row(thing: Thing, action: Action, words: Words): Block {
    val detail = when {
        thing.maker != null -> words("item_maker", thing.maker)
        PhotoInbox.isAdded(thing.path) -> words("gallery_added")
        else -> ""
    }
    return Block.PictureRow(thing.pictureId, thing.path, thing.named(words), detail, action)
}

/** The screen of a picked photo. */
fun resultsContent(state: ResultsState, settings: Settings, words: Words): ScreenContent {
    val blocks = when (state) {
        ResultsState.Empty -> listOf(Block.Paragraph(words("results_empty")))

        ResultsState.Looking -> listOf(Block.Paragraph(words("results_looking")))

        is ResultsState.Failed -> problem("results_failed", state.sentence, words)

        is ResultsState.Found -> sightBlocks(state.sight, live = false, words) +
            if (settings.developer) figureBlocks(state.figures, null) else emptyList()
    }
    return ScreenContent(words("screen_results"), blocks + pickPhoto(words))
}

/** What was recognised or picked, the newest first. */
fun historyContent(things: List<Thing>, words: Words): ScreenContent {
    val blocks = if (things.isEmpty()) {
        listOf(Block.Paragraph(words("history_empty")))
    } else {
        things.map { row(it, Action.ShowPicture(it.pictureId), words) } +
            Block.Button(words("history_clear"), Action.ClearHistory)
    }
    return ScreenContent(words("screen_history"), blocks)
}

/** The page of an item, with what the catalogue says of it. */
fun pictureContent(state: PictureState, settings: Settings, words: Words): ScreenContent {
    val thing = state.thing
    val said = listOfNotNull(
        thing.maker?.let { Block.Paragraph(words("item_maker", it)) },
        thing.text?.let { Block.Paragraph(it) }
    )
    val nothing = if (said.isEmpty() && !state.hasPhoto) listOf(Block.Paragraph(words("item_missing"))) else emptyList()
    val name = thing.named(words)
    val shared = listOfNotNull(name, thing.maker?.let { words("item_maker", it) }, thing.link).joinToString("\n")
    return ScreenContent(
        name,
        listOf(Block.LargePicture(thing.pictureId, thing.path, words("item_picture", name))) +
            said + nothing +
            listOfNotNull(thing.link?.let { Block.Button(words("item_link"), Action.OpenLink(it)) }) +
            Block.Button(words("item_share"), Action.Share(shared)) +
            (if (state.hasPhoto) ownerBlocks(state, words) else emptyList()) +
            (if (settings.developer) listOf(Block.Paragraph(pictureFigures(state.picture))) else emptyList()) +
            Block.Button(words("back"), Action.Back)
    )
}

private fun ownerBlocks(state: PictureState, words: Words): List<Block> = listOf(
    Block.Field(words("item_name"), state.name, Input.NAME),
    Block.Button(words("item_save"), Action.Rename(state.thing.path)),
    Block.Button(words("item_delete"), Action.Delete(state.thing.path))
)
