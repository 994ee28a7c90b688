/** Elements in a line each. Text is always text: nothing here reads HTML. */

type Child = Node | string | null | false;
type Properties<E> = { [K in keyof E]?: E[K] } & { readonly attributes?: Readonly<Record<string, string>> };

export function element<T extends keyof HTMLElementTagNameMap>(
  tag: T, given: Properties<Omit<HTMLElementTagNameMap[T], "attributes">> = {}, ...children: readonly Child[]
): HTMLElementTagNameMap[T] {
  const made = document.createElement(tag);
  const { attributes, ...properties } = given;
  Object.assign(made, properties);
  for (const [name, value] of Object.entries(attributes ?? {})) made.setAttribute(name, value);
  made.append(...children.filter((child): child is Node | string => child !== null && child !== false));
  return made;
}

export function button(label: string, onclick: () => void, className = "button"): HTMLButtonElement {
  return element("button", { type: "button", className, onclick }, label);
}

/** Puts the keyboard and the screen reader where something new is. */
export function focusOn(place: HTMLElement): void {
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

const SVG = "http://www.w3.org/2000/svg";

/** A polygon over a picture of `width` x `height`; corners are shares of these. It fits its box as the picture does. */
export function outlineOver(
  corners: readonly (readonly [number, number])[], width: number, height: number,
): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("outline");
  for (const className of ["under", "over"]) {
    const polygon = document.createElementNS(SVG, "polygon");
    polygon.setAttribute("points", corners.map(([x, y]) => `${x * width},${y * height}`).join(" "));
    polygon.setAttribute("vector-effect", "non-scaling-stroke");
    polygon.classList.add(className);
    svg.append(polygon);
  }
  return svg;
}
