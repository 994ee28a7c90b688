// Lays the bar out as Fitting.kt has it: one row where all texts fit, else rows of two, and smaller where those do not.
const GAP = 8;
for (const bar of document.querySelectorAll(".bar")) {
  const texts = [...bar.querySelectorAll(".t")];
  const size = parseFloat(getComputedStyle(texts[0]).fontSize);
  const width = bar.getBoundingClientRect().width;
  const measured = texts.map((text) => {
    const bold = text.cloneNode(true);
    bold.style.cssText = "position: absolute; width: auto; padding: 0; font-weight: 700;";
    text.after(bold);
    const wide = bold.getBoundingClientRect().width + GAP;
    bold.remove();
    return wide;
  });
  const widest = Math.max(...measured);
  if (widest > width / texts.length) {
    bar.style.flexWrap = "wrap";
    const scale = Math.min(1, width / 2 / widest);
    for (const text of texts) {
      text.parentElement.style.flexBasis = "50%";
      text.style.fontSize = `${size * scale}px`;
    }
  }
}
