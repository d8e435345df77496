/* Tricite's widget: a button and a panel that answers from the site's documents.
 *
 *   <script src="https://HOST/widget.js" data-language="ar" data-position="left" data-title="..."
 *           data-accent="#0a5" data-token="..." defer></script>
 *
 * window.Tricite: open(), close(), ask(question), on("answer" | "open" | "close", callback), mount().
 * The answers live in a sandboxed frame of HOST; nothing of this page is read. */
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script) {
    return console.error("Tricite reads its settings from its own tag: load widget.js without type=\"module\".");
  }
  if (window.Tricite) return window.Tricite.mount();
  const base = new URL(".", script.src);
  const options = script.dataset;

  const STRINGS = {
    en: { title: "Ask the documents", open: "Ask the documents", close: "Close" },
    ar: { title: "اسأل الوثائق", open: "اسأل الوثائق", close: "إغلاق" },
    "zh-Hans": { title: "向文档提问", open: "向文档提问", close: "关闭" },
    "zh-Hant": { title: "向文件提問", open: "向文件提問", close: "關閉" },
  };
  const languageOf = (tag) => {
    const lower = (tag || "").toLowerCase().replaceAll("_", "-");
    const traditional = /^(?!.*-hans\b)(yue|.*-(hant|tw|hk|mo)\b)/;
    if (/^(zh|yue)/.test(lower)) return traditional.test(lower) ? "zh-Hant" : "zh-Hans";
    return lower.startsWith("ar") ? "ar" : lower.startsWith("en") ? "en" : "";
  };
  const language =
    languageOf(options.language) || languageOf(document.documentElement.lang) || languageOf(navigator.language) || "en";
  const direction = language === "ar" ? "rtl" : "ltr";
  const words = STRINGS[language];
  const title = options.title || words.title;
  const position = (options.position || "").toLowerCase();
  const left = position === "left" || (position !== "right" && direction === "rtl");
  let accent = "#0b5c57";
  let ink = "#fff"; // on the accent

  // ---- Elements, in a shadow tree so that the site's styles and ours do not meet --------------------
  const make = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const icon = (path) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  };
  const host = make("div", { id: "tricite-widget" });
  const shadow = host.attachShadow({ mode: "open" });
  const launcher = make(
    "button",
    { id: "launcher", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-label": words.open },
    icon("M4 5h16v11H9l-5 4z M8 9h8 M8 12h5"),
  );
  const closer = make("button", { id: "close", type: "button", "aria-label": words.close }, icon("M6 6l12 12M18 6L6 18"));
  const guardStart = make("span", { tabindex: "0" });
  const guardEnd = make("span", { tabindex: "0" });
  const header = make("header", {}, make("h2", { id: "title" }), closer);
  header.firstChild.textContent = title;
  const panel = make(
    "div",
    { id: "panel", role: "dialog", "aria-modal": "true", "aria-labelledby": "title", hidden: "" },
    guardStart,
    header,
    guardEnd,
  );
  const root = make("div", { id: "root", lang: language, dir: direction, class: left ? "left" : "right" }, launcher, panel);
  shadow.append(root);

  // Not a <style>: the site's Content-Security-Policy may forbid those.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial !important; display: contents !important; } /* else the site's rules for a div win */
    :host::before, :host::after { content: none !important; }
    #root { --paper: #fff; --ink: #1d2422; --line: #d5dbd9;
      font: 16px/1.4 system-ui, sans-serif; color: var(--ink); }
    @media (prefers-color-scheme: dark) { #root { --paper: #161b1a; --ink: #e8eeec; --line: #35403d; } }
    button { font: inherit; cursor: pointer; border: 0; padding: 0; display: grid; place-items: center; }
    svg { width: 26px; height: 26px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round;
      stroke-linejoin: round; }
    button:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
    [hidden] { display: none !important; }
    #launcher, #panel { position: fixed; z-index: 2147483000; }
    #launcher { bottom: 20px; width: 56px; height: 56px; border-radius: 50%; background: var(--accent);
      color: var(--on-accent); box-shadow: 0 3px 14px rgb(0 0 0 / .28); }
    #panel { bottom: 20px; width: min(420px, calc(100vw - 40px)); height: min(680px, calc(100dvh - 40px));
      display: flex; flex-direction: column; overflow: hidden; background: var(--paper);
      border: 1px solid var(--line); border-radius: 14px; box-shadow: 0 12px 44px rgb(0 0 0 / .3); }
    .left > * { left: 20px; } .right > * { right: 20px; }
    header { display: flex; align-items: center; gap: 8px; padding: 8px; padding-inline-start: 16px;
      background: var(--accent); color: var(--on-accent); }
    h2 { flex: 1; margin: 0; font-size: 16px; font-weight: 600; overflow: hidden; text-overflow: ellipsis;
      white-space: nowrap; }
    #close { width: 40px; height: 40px; border-radius: 8px; background: none; color: inherit; }
    #close:focus-visible { outline-color: currentColor; outline-offset: -4px; }
    iframe { flex: 1; width: 100%; border: 0; background: var(--paper); }
    @media (max-width: 480px) { #panel { inset: 0; width: auto; height: auto; border: 0; border-radius: 0; } }
    @media print { #root { display: none; } }`);
  shadow.adoptedStyleSheets = [sheet];

  // ---- The frame, made when it is first needed, and the messages to and from it ---------------------
  let frame = null;
  let ready = false;
  const unsent = [];
  const listeners = { __proto__: null, answer: new Set(), open: new Set(), close: new Set() };
  const tell = (name, detail) => {
    for (const call of [...listeners[name]]) {
      try { call(detail); } catch (error) { reportError(error); }
    }
  };

  const send = (message) => {
    if (ready) frame.contentWindow.postMessage(message, base.origin);
    else unsent.push(message);
  };
  const enter = () => {
    frame.focus();
    send({ type: "focus" });
  };
  const makeFrame = () => {
    const address = new URL("embed", base);
    const { origin } = location;
    address.search = new URLSearchParams({ site: origin, token: options.token || "", language, accent, ink });
    frame = make("iframe", { title, src: address.href, allow: "clipboard-write" });
    // Its own origin stays, for its requests; that opens nothing of this page, which is of another origin.
    if (base.origin !== location.origin) frame.sandbox = "allow-scripts allow-same-origin";
    guardEnd.before(frame);
  };
  addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== base.origin) return;
    const { type, detail } = event.data || {};
    if (type === "ready") {
      ready = true;
      unsent.splice(0).forEach(send);
      if (shadow.activeElement === closer) enter();
    } else if (type === "close") close();
    else if (type === "answer") tell("answer", detail);
  });

  // ---- On the page: the accent, opening, closing, keys -----------------------------------------------
  /** The accent as sRGB, and white or black on it: what reads better (WCAG 2.2, relative luminance). */
  const mix = () => {
    root.style.color = "transparent"; // a currentColor is none
    root.style.backgroundColor = `color-mix(in srgb, ${options.accent} 100%, black)`;
    const [, space, ...parts] = getComputedStyle(root).backgroundColor.split(/[ ()]/);
    root.style.cssText = "";
    if (space === "srgb" && parts[3] !== "/") { // a slash comes before an alpha below 1
      const channels = parts.slice(0, 3).map(Number);
      const [red, green, blue] = channels.map((part) =>
        part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
      accent = `rgb(${channels.map((part) => Math.round(part * 255))})`;
      ink = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
    }
    root.style.setProperty("--accent", accent);
    root.style.setProperty("--on-accent", ink);
  };
  const show = (on) => {
    panel.hidden = !on;
    launcher.hidden = on;
    launcher.setAttribute("aria-expanded", on);
  };
  /** Put the widget on the page where it is not, or no more: a frame that was taken out has lost its page. */
  const mount = () => {
    if (host.isConnected || !document.body) return;
    frame?.remove();
    frame = null;
    ready = false;
    show(false);
    document.body.append(host);
    mix();
  };

  let focused = null; // of the page, before the panel opened
  const open = () => {
    if (!document.body) return addEventListener("DOMContentLoaded", open, { once: true });
    mount();
    if (!panel.hidden) return;
    focused = document.activeElement;
    if (!frame) makeFrame();
    show(true);
    closer.focus();
    if (ready) enter();
    tell("open");
  };
  const close = () => {
    if (panel.hidden) return;
    show(false);
    launcher.focus();
    focused?.focus(); // does nothing where it cannot take the focus
    tell("close");
  };
  launcher.addEventListener("click", open);
  closer.addEventListener("click", close);
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  guardEnd.addEventListener("focus", () => closer.focus());
  guardStart.addEventListener("focus", enter);

  window.Tricite = Object.freeze({
    mount,
    open,
    close,
    ask(question) {
      open();
      send({ type: "ask", question: String(question) });
    },
    /** Calls back with {question, answer, abstained, citations} ("answer"), or nothing; returns how to stop. */
    on(name, callback) {
      if (!listeners[name]) throw new Error(`Tricite has no event "${name}": use answer, open or close`);
      const call = (detail) => callback(detail);
      listeners[name].add(call);
      return () => listeners[name].delete(call);
    },
  });

  const start = () => {
    mount();
    dispatchEvent(new Event("tricite:ready"));
  };
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})();
