// The panel beside the answer: the passages found for a question, or a document opened at a sentence.

import { asked, button, make } from "./dom.js";
import { directionOf, directionOfLanguage, say, sayProblem, speech } from "./language.js";
import { badge } from "./turn.js";

const narrow = matchMedia("(max-width: 62rem)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Panel {
  /** element: the aside; page: the element that holds everything else; server: the functions it calls. */
  constructor(element, server) {
    this.element = element;
    this.server = server;
    this.turn = null;
    this.opener = null;
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      if (this.reading && this.turn && !narrow.matches) this.showSources(this.turn, { move: true });
      else this.close();
    });
  }

  // ---- The passages of a question ----------------------------------------------------------------------

  /** List a question's passages. move: the reader asked for them, so focus goes there. */
  showSources(turn, { move = false, opener = null } = {}) {
    const position = this.turn?.id === turn.id && !this.reading ? this.element.scrollTop : 0;
    this.turn = turn;
    this.reading = false;
    if (opener) this.opener = opener;
    const cards = turn.sources.map((source) => this.card(turn, source));
    this.fill(say("sources"), cards, null);
    this.element.scrollTop = position;
    if (move) this.show();
  }

  /** Follow a question as its answer grows, unless the reader is in a document. */
  update(turn) {
    if (this.turn?.id === turn.id && this.reading) {
      this.turn = turn;
      return;
    }
    if (turn.sources.length) this.showSources(turn);
  }

  card(turn, source) {
    const cited = source.markers.length > 0;
    const kind = !cited ? "" : turn.citations.length ? " cited" : " near";
    const open = () => this.open(turn, source);
    return make("article", { class: `source${kind}`, id: cited ? `passage-${turn.id}-${source.markers[0]}` : null },
      make("h3", {},
        turn.citations.length ? source.markers.map((marker) => make("span", { class: "number" }, String(marker))) : null,
        make("bdi", { class: "title", lang: source.language }, source.title),
        badge(source.language),
        source.page ? make("span", { class: "page" }, say("page", { number: source.page })) : null),
      make("div", { class: "excerpt", ...speech(source.language) }, pieces(excerpt(source.parts, source.language.startsWith("zh") ? 60 : 160))),
      make("div", { class: "source-foot" }, make("bdi", { class: "path", dir: "ltr" }, source.source),
        button("open", { text: say("open_document"), onclick: open })));
  }

  // ---- A document --------------------------------------------------------------------------------------

  /** Open a document at a span: {document_id, start, end}. turn: the question it was found for, or null. */
  async open(turn, span, opener = document.activeElement) {
    this.opener = opener;
    if (turn) this.turn = turn;
    this.reading = true;
    this.fill("", [make("p", { class: "loading", role: "status" }, say("loading"))], turn);
    this.show();
    const wanted = (this.wanted = { id: span.document_id, start: span.start ?? 0, end: span.end ?? 0 });
    const found = await asked(this.server.document(wanted));
    if (this.wanted !== wanted || !this.reading) return;
    if (found.problem !== undefined) {
      this.fill("", [make("p", { class: "problem", dir: "auto" }, sayProblem(found, { request: "problem_document" }))], turn);
      return;
    }
    this.fill(found.title, this.pages(found), turn, found);
    const mark = this.element.querySelector("mark");
    if (mark) {
      mark.tabIndex = -1;
      mark.focus({ preventScroll: true });
      this.centre(mark);
    } else this.element.scrollTop = 0;
  }

  /** Scroll the panel alone: the answer stays where it is. */
  centre(mark) {
    const [inner, outer] = [mark, this.element].map((each) => each.getBoundingClientRect());
    this.element.scrollBy({ top: inner.top - outer.top - (outer.height - inner.height) / 2,
      behavior: calm.matches ? "auto" : "smooth" });
  }

  pages(found) {
    const cut = () => make("p", { class: "cut" }, say("cut"));
    const text = make("div", { class: "book", lang: found.language, dir: directionOfLanguage(found.language) });
    for (const { page, parts } of found.paragraphs) {
      if (page) text.append(make("p", { class: "page-mark", lang: document.documentElement.lang, dir: document.documentElement.dir },
        say("page", { number: page })));
      const whole = parts.map(([piece]) => piece).join("");
      const level = /^(#{1,6})\s+(?=\S)/.exec(parts[0]?.[1] === false ? parts[0][0] : "");
      if (level) parts[0][0] = parts[0][0].slice(level[0].length);
      text.append(make(level ? "h4" : "p", { dir: directionOf(whole, found.language) }, pieces(parts)));
    }
    return [found.before ? cut() : null, text, found.after ? cut() : null];
  }

  // ---- The frame ---------------------------------------------------------------------------------------

  fill(title, content, backTo, found = null) {
    const back = this.reading && backTo?.sources.length
      ? button("back", { label: say("back"), class: "quiet", onclick: () => this.showSources(this.turn, { move: true }) }) : null;
    this.element.replaceChildren(
      make("div", { class: "panel-head" }, back,
        make("h2", {}, make("bdi", { lang: found?.language }, title)),
        button("close", { label: say("close"), class: "quiet close", onclick: () => this.close() })),
      ...(found ? [make("p", { class: "about" }, badge(found.language),
        found.page ? make("span", { class: "page" }, say("page", { number: found.page })) : null,
        make("bdi", { class: "path", dir: "ltr" }, found.source))] : []),
      ...content.filter(Boolean));
    this.element.hidden = false;
    this.element.classList.toggle("reading", this.reading);
  }

  /** Bring the panel before a reader who asked for it; on a narrow screen it lies over the page. */
  show() {
    this.element.classList.add("open");
    this.element.focus({ preventScroll: true });
  }

  close() {
    this.element.classList.remove("open");
    this.reading = false;
    this.wanted = null;
    if (this.turn?.sources.length) this.showSources(this.turn);
    else this.element.hidden = true;
    if (this.opener?.isConnected) this.opener.focus();
  }

  /** Nothing is asked yet, or a new conversation begins. */
  clear() {
    this.turn = null;
    this.reading = false;
    this.element.hidden = true;
    this.element.classList.remove("open");
  }

  /** Say everything again in the page's language. */
  refresh() {
    if (this.element.hidden) return;
    if (this.reading && this.wanted) this.open(this.turn, { ...this.wanted, document_id: this.wanted.id }, this.opener);
    else if (this.turn) this.showSources(this.turn);
  }
}

const pieces = (parts) => parts.map(([text, marked]) => (marked ? make("mark", {}, text) : text));

/** What a card shows of a passage: the marked sentences with some text around them, without Markdown's signs. */
function excerpt(parts, around) {
  const last = parts.length - 1;
  return parts.map(([text, marked], place) => {
    if (marked) return [text, marked];
    const words = text.replace(/^#{1,6}\s+/gm, "").replace(/\n\s*\n/g, "\n");
    const head = place > 0 ? ending(words.slice(0, around)) : "";
    const tail = place < last ? beginning(words.slice(-around)) : "";
    if (last === 0 || words.length <= head.length + tail.length + around / 2) return [words, false];
    return [`${head}${head && "…"}${head && tail ? " " : ""}${tail && "…"}${tail}`, false];
  });
}

/** A piece without the word it breaks off in, where words are spaced. */
const ending = (text) => text.replace(/(?<=\s)\S{1,20}$/, "").trimEnd();
const beginning = (text) => text.replace(/^\S{1,20}(?=\s)/, "").trimStart();
