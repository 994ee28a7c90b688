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
    const [dark, light] = [luminance(style.color), luminance(background(element))].sort((a, b) => a - b);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) complaints.push(`${said} | has a contrast of ${contrast.toFixed(2)}`);
  }
}
const result = document.createElement("pre");
result.id = "result";
result.textContent = JSON.stringify(complaints);
document.body.append(result);
