// One question and its answer on the page. An answer grows: what is shown already is left as it is, so that
// a reader's selection stays and a screen reader hears every sentence once.

import { copyMenu } from "./copying.js";
import { button, icon, make } from "./dom.js";
import { directionOfLanguage, languageName, number, percent, say, sayProblem, speech } from "./language.js";

const WORD = /[\p{L}\p{N}]/u;

export const badge = (tag) => make("span", { class: "badge", ...speech(tag) }, languageName(tag));

export class TurnView {
  /** actions: open(citation), again(turn), rate(turn, rating), sources(turn). */
  constructor(turn, actions) {
    this.actions = actions;
    this.found = make("div", { class: "found" });
    this.answer = make("div", { class: "answer", "aria-live": turn.state === "searching" ? "polite" : null });
    this.state = make("div", { class: "state" });
    this.foot = make("div", { class: "foot" });
    this.element = make("article", { class: "turn", id: `turn-${turn.id}` },
      make("h2", { class: "asked", ...speech(turn.language ?? "und", turn.question) }, turn.question),
      this.found, this.answer, this.state, this.foot);
    this.shown = [];
    this.update(turn);
  }

  update(turn) {
    this.turn = turn;
    this.element.dataset.state = turn.state;
    this.showFound();
    this.showSentences();
    this.showState();
    if (["done", "stopped", "failed"].includes(turn.state)) this.finish();
  }

  /** A line for narrow screens, where the panel with the sources is not beside the answer. */
  showFound() {
    const { sources } = this.turn;
    if (this.foundCount === sources.length) return;
    this.foundCount = sources.length;
    this.found.replaceChildren(
      button("book", {
        text: say("passages_found", { count: number(sources.length) }),
        onclick: () => this.actions.sources(this.turn),
      }),
      sources.length ? make("bdi", { class: "chip", lang: sources[0].language }, sources[0].title) : "");
    this.found.hidden = !sources.length;
  }

  showSentences() {
    const texts = this.turn.sentences.map((sentence) => sentence.text);
    if (this.shown.some((text, place) => text !== texts[place])) {
      this.answer.replaceChildren();
      this.shown = [];
      this.paragraph = null;
    }
    for (const sentence of this.turn.sentences.slice(this.shown.length)) this.append(sentence);
    this.shown = texts;
  }

  append(sentence) {
    const { turn } = this;
    if (sentence.kind === "generated") {
      if (!this.paragraph) {
        this.paragraph = make("p", speech(turn.language, sentence.text));
        this.answer.append(this.paragraph);
      }
      this.paragraph.append(make("span", { class: "sentence" }, sentence.text, this.markers(sentence)), " ");
      return;
    }
    this.paragraph = null;
    const citation = turn.citations.find((each) => sentence.markers.includes(each.marker));
    if (sentence.kind === "quoted" && citation)
      this.answer.append(this.quote(citation, sentence.text, this.markers(sentence)));
    else this.notice(sentence.text);
  }

  notice(text) {
    const words = make("p", { class: "remark", ...speech(this.turn.language, text) }, text);
    this.answer.append(words);
  }

  markers(sentence) {
    const { turn } = this;
    return sentence.markers.map((marker) => {
      const citation = turn.citations.find((each) => each.marker === marker);
      const label = say("marker", { number: marker });
      return make("a", { class: "marker", href: `#passage-${turn.id}-${marker}`, "aria-label": label, title: label,
        "data-marker": marker, onclick: (event) => this.follow(event, citation) }, `[${marker}]`);
    });
  }

  follow(event, citation) {
    event.preventDefault();
    if (citation) this.actions.open(this.turn, citation, event.currentTarget);
  }

  /** A document's own words, in its own direction. */
  quote(citation, text, markers = []) {
    return make("blockquote", { dir: directionOfLanguage(citation.language) },
      make("p", { lang: citation.language }, text, markers),
      make("footer", { class: "from" },
        make("span", { lang: document.documentElement.lang }, say("quoted_from")), " ",
        make("a", { href: `#document-${citation.marker}`, lang: citation.language,
          onclick: (event) => this.follow(event, citation) }, make("bdi", {}, citation.title || citation.source)),
        badge(citation.language),
        citation.page ? make("span", { class: "page" }, say("page", { number: citation.page })) : null));
  }

  showState() {
    const { turn } = this;
    const said = { searching: say("searching"), writing: say("writing"), stopped: say("stopped"),
      waiting: say("waiting", { position: number(turn.position) }) }[turn.state];
    const request = WORD.test(turn.question) ? "problem_request" : "problem_wordless";
    const problem = turn.state === "failed" ? sayProblem(turn, { request }) : null;
    this.state.replaceChildren(...[said, problem].filter(Boolean).map((text) =>
      make("p", { class: problem ? "problem" : "", dir: problem ? "auto" : null }, problem ? icon("info") : null, text)));
  }

  finish() {
    const { turn } = this;
    if (turn.abstained && !this.element.classList.contains("abstained")) this.abstain();
    this.foot.replaceChildren(...[this.check(), this.tools()].filter(Boolean));
  }

  /** No answer: said as plainly as an answer, with the passages that came nearest. */
  abstain() {
    this.element.classList.add("abstained");
    const notice = this.answer.querySelector(".remark");
    notice?.prepend(icon("info"));
    if (!this.turn.closest.length) return;
    this.answer.append(make("div", { class: "closest" }, make("h3", {}, say("closest")),
      ...this.turn.closest.map((citation) => this.quote(citation, citation.quote.replace(/\s+/g, " ")))));
  }

  /** How far the sources support what was said, sentence by sentence. */
  check() {
    const cited = this.turn.sentences.filter((sentence) => sentence.markers.length);
    if (!cited.length) return null;
    return make("p", { class: "check" }, icon("check"), make("span", {}, say("checked")), ...cited.map((sentence) =>
      make("span", { class: "measure" }, make("b", {}, sentence.markers.map((marker) => `[${marker}]`).join("")), " ",
        sentence.kind === "quoted" ? say("word_for_word") : say("support", { percent: percent(sentence.support) }))));
  }

  tools() {
    const { turn, actions } = this;
    const rate = (rating) => button(rating, { label: say(rating), "aria-pressed": String(turn.rating === rating),
      onclick: () => actions.rate(turn, rating) });
    return make("div", { class: "actions" },
      turn.sentences.length ? copyMenu(turn) : null,
      button("again", { text: say("again"), onclick: () => actions.again(turn) }),
      actions.rate && turn.sentences.length ? [rate("good"), rate("bad")] : null,
      make("span", { class: "thanks" }, turn.rating ? say("thanks") : ""));
  }
}
