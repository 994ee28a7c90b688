// Lays the bar and choices out as Fitting.kt has it, from the widths of their texts with the room around them.
const GAP = 8;
const ROW = 2;
const LEAST_IN_A_ROW = 12 / 14;
const widest = (texts, around) => {
  const measured = texts.map((text) => {
    const bold = text.cloneNode(true);
    bold.style.cssText = "display: block; position: absolute; width: max-content; padding: 0; font-weight: 700;";
    text.after(bold);
    const width = bold.getBoundingClientRect().width;
    bold.remove();
    return width + around + GAP;
  });
  return Math.max(...measured);
};
const layOut = (box, texts, columns, scale) => {
  box.style.flexWrap = "wrap";
  const size = parseFloat(getComputedStyle(texts[0]).fontSize);
  for (const text of texts) {
    const margins = text.closest(".options") ? 8 : 0;
    text.parentElement.style.flex = `0 0 calc(${100 / columns}% - ${margins}px)`;
    text.style.fontSize = `${size * scale}px`;
  }
};
for (const bar of document.querySelectorAll(".bar")) {
  const texts = [...bar.querySelectorAll(".t")];
  const [width, wanted] = [bar.getBoundingClientRect().width, widest(texts, 0)];
  const fits = [texts.length, ROW].map((columns) => [columns, Math.min(1, width / columns / wanted)]);
  const [columns, scale] = fits.find((fit) => fit[1] >= LEAST_IN_A_ROW) ?? fits[1];
  layOut(bar, texts, columns, scale);
}
for (const choice of document.querySelectorAll(".options:not(.stacked)")) {
  const texts = [...choice.querySelectorAll(".t")];
  const [width, wanted] = [choice.getBoundingClientRect().width, widest(texts, 24)];
  const fitting = [texts.length, ROW].find((columns) => texts.length % columns === 0 && wanted <= width / columns);
  layOut(choice, texts, fitting ?? 1, 1);
}
