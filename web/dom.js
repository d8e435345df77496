// Elements and icons. Text always goes in as text: nothing here parses HTML.

const ICONS = {
  plus: "M12 5v14M5 12h14",
  clock: "M12 7v5l3.2 2M4 12a8 8 0 1 0 2.6-5.9M4 4.5V8h3.5",
  book: "M12 6.5C10 5 7.2 4.6 4 5v13.2c3.2-.4 6 0 8 1.5m0-13.2C14 5 16.8 4.6 20 5v13.2c-3.2-.4-6 0-8 1.5m0-13.2v13.2",
  up: "M12 19V5.5M6 11l6-6 6 6",
  stop: "M7.5 7.5h9v9h-9z",
  copy: "M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9",
  again: "M19.5 12a7.5 7.5 0 1 1-2.4-5.5M19.5 4.2V8h-3.8",
  good: "M7.5 10.5 11 4c1.4 0 2.3 1 2 2.4l-.7 3.1h5.2c1.3 0 2.2 1.1 1.9 2.4l-1.2 5.3a2.2 2.2 0 0 1-2.1 1.8H7.5zM7.5 10.5H4.2V19h3.3",
  bad: "M16.5 13.5 13 20c-1.4 0-2.3-1-2-2.4l.7-3.1H6.500c-1.3 0-2.200-1.100-1.900-2.400l1.200-5.300a2.200 2.200 0 0 1 2.100-1.800h8.600zM16.500 13.500h3.300V5h-3.300",
  close: "M6 6l12 12M18 6L6 18",
  back: "M19 12H5.500M11 6l-6 6 6 6",
  trash: "M5 7h14M10 7V4.500h4V7M7 7l.8 12.500h8.400L17 7",
  check: "M5 12.500l4.500 4.500L19 7.500",
  info: "M12 11v5.500M12 7.600v.2M3.800 12a8.200 8.200 0 1 0 16.400 0 8.200 8.200 0 1 0-16.400 0",
  open: "M13.500 5H19v5.500M19 5l-8 8M10 5.500H5V19h13.500v-5",
  upload: "M12 15.500V5M7.500 9.500L12 5l4.500 4.500M5 15.500V19h14v-3.500",
};

/** An element: make("p", {class: "note", onclick: f, dir: "auto"}, "text", child, null). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** A drawing that says nothing to a screen reader: the button around it has a label. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", class: `icon icon-${name}` }))
    drawing.setAttribute(key, value);
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  drawing.append(path);
  return drawing;
}

/** A button with an icon, and with words or a label. */
export function button(name, { label, text, ...attributes }) {
  return make("button", { type: "button", "aria-label": text ? null : label, title: text ? null : label, ...attributes },
    icon(name), text ? make("span", {}, text) : null);
}

/** An id nobody can guess; crypto.randomUUID is missing where the page has no https. */
export function freshId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The server's answer, or {problem, kind} when there is none: Gradio then gives nothing. */
export async function asked(promise) {
  const unreachable = { problem: "", kind: "unreachable" };
  try {
    return (await promise) ?? unreachable;
  } catch {
    return unreachable;
  }
}
