// Says which texts do not fit their place, or can hardly be read on their background.
const complaints = [];
const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
const luminance = (colour) => {
  const [red, green, blue] = numbers(colour).map((value) => channel(value / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const background = (element) => {
  for (let one = element; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if (numbers(colour)[3] !== 0) return colour;
  }
  return "rgb(255, 255, 255)";
};
// What is seen of a colour where the element, or one around it, lets what is behind shine through.
const seen = (colour, element) => {
  for (let one = element; one.parentElement; one = one.parentElement) {
    const share = Number(getComputedStyle(one).opacity);
    const behind = numbers(background(one.parentElement));
    colour = `rgb(${numbers(colour).slice(0, 3).map((value, place) => share * value + (1 - share) * behind[place])})`;
  }
  return colour;
};
for (const screen of document.querySelectorAll(".screen")) {
  const right = screen.getBoundingClientRect().right;
  for (const element of screen.querySelectorAll(".t")) {
    const style = getComputedStyle(element);
    const said = `${screen.dataset.name}: ${element.textContent}`;
    // Phones break a file's name, which has no spaces, at any letter; only developers see one.
    const mayBeCut = element.textContent.includes("_");
    const range = document.createRange();
    range.selectNodeContents(element);
    const text = range.getBoundingClientRect();
    const place = element.getBoundingClientRect();
    if (!mayBeCut && (text.right > right + 0.5 || text.width > place.width + 0.5)) complaints.push(`${said} | is wider than its place`);
    const option = element.closest(".options .button");
    const lines = new Set([...range.getClientRects()].map((line) => Math.round(line.top))).size;
    const isBeside = option && option.getBoundingClientRect().width < 0.6 * option.parentElement.getBoundingClientRect().width;
    if (isBeside && !option.parentElement.matches(".stacked") && lines > 1) complaints.push(`${said} | is broken into ${lines} lines`);
    const [dark, light] = [style.color, background(element)].map((colour) => luminance(seen(colour, element))).sort((a, b) => a - b);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) complaints.push(`${said} | has a contrast of ${contrast.toFixed(2)}`);
  }
}
const result = document.createElement("pre");
result.id = "result";
result.textContent = JSON.stringify(complaints);
document.body.append(result);
