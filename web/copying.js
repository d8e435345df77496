// An answer as text for the clipboard: alone, with its sources, or with its sources as Markdown footnotes.

import { icon, make } from "./dom.js";
import { say } from "./language.js";

const oneLine = (text) => text.replace(/\s+/g, " ").trim();

/** Characters that Markdown would take for its own. */
const plain = (text) => oneLine(text).replace(/[\\`*_[\]<>#|~]/g, "\\$&");

const where = (citation) =>
  [citation.title, citation.source, citation.page ? say("page", { number: citation.page }) : ""]
    .filter((part, place, parts) => part && parts.indexOf(part) === place);

export const answerText = (turn) => turn.sentences.map((sentence) => sentence.text).join(" ");

export function answerWithSources(turn) {
  const said = turn.sentences
    .map((sentence) => [sentence.text, ...sentence.markers.map((marker) => `[${marker}]`)].join(" ")).join(" ");
  const cited = turn.citations.map((each) => `[${each.marker}] ${where(each).join(", ")}: “${oneLine(each.quote)}”`);
  return [said, ...cited].join("\n\n");
}

export function answerMarkdown(turn) {
  const said = turn.sentences
    .map((sentence) => plain(sentence.text) + sentence.markers.map((marker) => `[^${marker}]`).join("")).join(" ");
  const cited = turn.citations
    .map((each) => `[^${each.marker}]: ${where(each).map(plain).join(", ")}: “${plain(each.quote)}”`);
  return [`> ${plain(turn.question)}`, said, ...cited].join("\n\n");
}

/** The clipboard is closed to pages without https: an old way is left for them. */
async function put(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", { class: "unseen", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/** A button that opens the three ways to copy. */
export function copyMenu(turn) {
  const label = make("span", {}, say("copy"));
  const choose = (text) => async () => {
    menu.open = false;
    await put(text);
    label.textContent = say("copied");
    menu.firstElementChild.focus();
    setTimeout(() => { label.textContent = say("copy"); }, 2000);
  };
  const ways = [["copy_text", answerText], ["copy_sources", answerWithSources], ["copy_markdown", answerMarkdown]];
  const menu = make("details", { class: "menu", onkeydown: (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    menu.firstElementChild.focus();
  }, onfocusout: (event) => { if (!menu.contains(event.relatedTarget)) menu.open = false; } },
  make("summary", {}, icon("copy"), label),
  make("div", { class: "ways" }, ...ways.map(([name, text]) =>
    make("button", { type: "button", onclick: choose(text(turn)) }, say(name)))));
  return menu;
}
