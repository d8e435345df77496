// The chat page: asks over Gradio's events, keeps the conversation, and hands what comes to the views.

import { conversations, forget, kept, save } from "./conversations.js";
import { Documents } from "./documents.js";
import { answerWithSources } from "./copying.js";
import { asked, button, freshId, icon, make } from "./dom.js";
import {
  directionOf, directionOfLanguage, language, loadLanguage, onLanguage, say, sayAll, sayProblem, setLanguage,
  speech, when,
} from "./language.js";
import { Panel } from "./panel.js";
import { TurnView } from "./turn.js";

const SILENCE = 15_000; // milliseconds without a first word from the server
const LONGEST = 4000; // characters of a question
const ENDED = ["done", "stopped", "failed"];
const THEME = "tricite.theme";
const languageLoaded = loadLanguage();
let page = null;
const early = [];

/** Gradio hands over its two components: "ask" carries questions and answers, "take_files" uploads. */
export async function connect(event, wire) {
  if (event === "take_files") {
    if (page) page.documents.connect(wire);
    else early.push(wire);
    return;
  }
  await Promise.all([languageLoaded, styled()]);
  page = new Page(wire);
  early.forEach((each) => page.documents.connect(each));
}

/** Nothing is shown before the style sheet is there. */
function styled() {
  const link = document.querySelector('link[href="web/chat.css"]');
  return !link || link.sheet ? null : new Promise((resolve) => { link.onload = link.onerror = resolve; });
}

class Page {
  constructor(wire) {
    this.wire = wire;
    this.offers = wire.props.value; // what the server offers: examples, upload, feedback
    this.root = document.getElementById("tricite");
    const find = (selector) => this.root.querySelector(selector);
    this.turns = find(".turns");
    this.box = find("#question");
    this.tooLong = find(".composer .problem");
    this.status = find("#status");
    this.panel = new Panel(find(".panel"), wire.server);
    this.documents = new Documents(find("#documents"), wire.server, {
      upload: this.offers.upload,
      mostFiles: this.offers.most_files,
      open: (span) => this.panel.open(null, span, find("#library")),
    });
    this.history = find("#conversations");
    this.actions = {
      open: (turn, citation, opener) => this.panel.open(turn, citation, opener),
      sources: (turn) => this.panel.showSources(turn, { move: true, opener: document.activeElement }),
      again: (turn) => this.again(turn),
      rate: this.offers.feedback ? (turn, rating) => this.rate(turn, rating) : null,
    };
    this.root.hidden = false;
    this.begin();
    this.listen(find);
    onLanguage(() => this.sayEverything());
    wire.watch("value", () => this.take(wire.props.value));
    this.box.focus({ preventScroll: true });
  }

  listen(find) {
    for (const element of this.root.querySelectorAll("[data-icon]")) element.append(icon(element.dataset.icon));
    find(".composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.askTyped();
    });
    this.box.addEventListener("keydown", (event) => {
      // Enter also ends the choice of a Chinese word: that one sends nothing.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.askTyped();
    });
    this.box.addEventListener("input", () => this.fitBox());
    addEventListener("resize", () => this.fitBox());
    document.fonts.addEventListener("loadingdone", () => this.fitBox());
    find(".stop").addEventListener("click", () => this.stop());
    find("#new").addEventListener("click", () => this.restart());
    find("#history").addEventListener("click", () => this.showHistory());
    find("#library").addEventListener("click", () => this.documents.show());
    find("#language").addEventListener("change", (event) => setLanguage(event.target.value));
    const theme = find("#theme");
    theme.addEventListener("change", () => setTheme(theme.value));
    theme.value = document.documentElement.dataset.theme = savedTheme();
    addEventListener("pagehide", () => this.leave());
    for (const dialog of this.root.querySelectorAll("dialog"))
      dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }

  // ---- Asking ------------------------------------------------------------------------------------------

  askTyped() {
    const question = this.box.value.trim();
    if (!question || this.running || !this.tooLong.hidden) return;
    this.box.value = "";
    this.ask(question);
  }

  ask(question, place = null) {
    if (this.running) return;
    const turn = { id: freshId(), question, language: null, state: "searching", position: 0, abstained: false,
      problem: "", kind: "", sentences: [], citations: [], closest: [], sources: [] };
    const past = this.talk.turns.slice(0, place ?? undefined)
      .filter((each) => each.sentences.length && !each.abstained)
      .map((each) => ({ question: each.question, answer: each.sentences.map((sentence) => sentence.text).join(" ") }));
    const [replaced] = this.talk.turns.splice(place ?? this.talk.turns.length, 1, turn);
    save(this.talk, turn, replaced);
    this.draw(turn, place);
    this.run(turn);
    this.wire.send({ id: turn.id, question, history: past.slice(-6) });
    const lost = () => this.end(turn, "failed", { kind: "unreachable" });
    this.silence = setTimeout(lost, SILENCE);
    fetch("healthz", { cache: "no-store" }).catch(lost);
  }

  /** Show what came of a question; steps may be skipped on the way, the last one never is. */
  take(step) {
    const place = this.talk.turns.findIndex((each) => each.id === step?.id);
    if (place < 0 || this.running?.id !== step.id) return;
    clearTimeout(this.silence);
    const turn = Object.assign(this.talk.turns[place], step);
    this.views.get(turn.id).update(turn);
    this.panel.update(turn);
    const said = { searching: say("searching"), writing: say("writing"), done: say("answered"), stopped: say("stopped") };
    if (said[turn.state] && this.status.textContent !== said[turn.state]) this.status.textContent = said[turn.state];
    if (ENDED.includes(turn.state)) this.finish();
  }

  run(turn) {
    this.running = turn;
    this.showRunning();
  }

  finish() {
    clearTimeout(this.silence);
    save(this.talk, this.running);
    this.running = null;
    this.showRunning();
  }

  /** End a question here, whatever the server says of it later. */
  end(turn, state, how = {}) {
    if (this.running?.id !== turn.id) return;
    Object.assign(turn, { state, ...how });
    this.views.get(turn.id).update(turn);
    this.finish();
  }

  stop() {
    const turn = this.running;
    if (!turn) return;
    asked(this.wire.server.stop(turn.id));
    this.end(turn, "stopped");
    this.status.textContent = say("stopped");
    this.box.focus();
  }

  /** The page goes away: its answer must not keep others waiting. Only a beacon outlives the page. */
  leave() {
    const chat = window.gradio_config?.components.find((each) => each.props.server_fns?.includes("stop"));
    if (!this.running || !chat) return;
    const asked = { session_hash: "left", component_id: chat.id, fn_name: "stop", data: this.running.id };
    const body = new Blob([JSON.stringify(asked)], { type: "application/json" });
    navigator.sendBeacon("gradio_api/component_server/", body);
  }

  again(turn) {
    const place = this.talk.turns.indexOf(turn);
    this.ask(turn.question, place === this.talk.turns.length - 1 ? place : null);
  }

  async rate(turn, rating) {
    const { talk } = this;
    const judgement = { question: turn.question, answer: answerWithSources(turn), rating };
    const result = await asked(this.wire.server.judge(judgement));
    const failed = result.problem !== undefined;
    if (!failed) {
      turn.rating = rating;
      save(talk, turn);
    }
    const said = failed ? sayProblem(result) : say("thanks");
    this.status.textContent = said;
    const view = this.views.get(turn.id);
    if (!view) return;
    view.finish();
    view.element.querySelector(".thanks").textContent = said;
    view.element.querySelector(`.icon-${rating}`).closest("button").focus();
  }

  showRunning() {
    const running = Boolean(this.running);
    this.root.querySelector(".send").hidden = running;
    this.root.querySelector(".stop").hidden = !running;
    this.root.classList.toggle("running", running);
  }

  // ---- The conversation --------------------------------------------------------------------------------

  begin(talk = { id: freshId(), turns: [] }) {
    this.talk = talk;
    for (const turn of talk.turns) if (!ENDED.includes(turn.state)) turn.state = "stopped"; // its page was left
    this.views = new Map();
    this.turns.replaceChildren();
    this.panel.clear();
    for (const turn of talk.turns) this.draw(turn, null, false);
    const last = talk.turns.at(-1);
    if (last?.sources.length) this.panel.showSources(last);
    this.showEmpty();
  }

  /** Begin a conversation: a kept one by its id, else a new one. */
  restart(id) {
    this.stop();
    const talk = conversations().find((each) => each.id === id);
    this.begin(talk);
    this.history.close();
    this.box.focus();
    window.scrollTo({ top: talk ? document.body.scrollHeight : 0 });
  }

  draw(turn, place, scroll = true) {
    const view = new TurnView(turn, this.actions);
    this.views.set(turn.id, view);
    if (place === null) this.turns.append(view.element);
    else this.turns.children[place].replaceWith(view.element);
    this.showEmpty();
    if (scroll && (this.talk.turns.length > 1)) view.element.scrollIntoView({ block: "start" });
  }

  showEmpty() {
    const empty = !this.talk.turns.length;
    this.root.classList.toggle("fresh", empty);
    this.box.placeholder = say(empty ? "placeholder" : "follow_up");
    this.fitBox();
  }

  showHistory() {
    const rows = conversations().map((talk) => {
      const [first] = talk.turns;
      const row = make("li", {},
        make("button", { type: "button", class: "link", "aria-current": talk.id === this.talk.id ? "true" : null,
          onclick: () => this.restart(talk.id) },
        make("bdi", { lang: first.language }, first.question), make("span", { class: "quiet" }, when(talk.at))),
        button("trash", { label: `${say("delete")}: ${first.question}`, class: "quiet", onclick: () => {
          const open = talk.id === this.talk.id;
          if (open) this.stop();
          forget(talk.id);
          row.remove();
          if (open) this.begin();
          this.history.querySelector("button").focus();
        } }));
      return row;
    });
    this.history.replaceChildren(
      make("div", { class: "sheet-head" }, make("h2", {}, say("conversations")),
        button("close", { label: say("close"), class: "quiet", onclick: () => this.history.close() })),
      make("p", { class: "quiet" }, say(kept() ? "conversations_hint" : "conversations_denied")),
      rows.length ? make("ul", { class: "conversations" }, ...rows) : make("p", {}, say("conversations_none")));
    this.history.showModal();
  }

  // ---- Language, size and theme ------------------------------------------------------------------------

  sayEverything() {
    const root = document.documentElement;
    root.lang = language();
    root.dir = directionOfLanguage(language());
    sayAll(this.root);
    this.root.querySelector("#language").value = language();
    this.showExamples();
    for (const turn of this.talk.turns) {
      const old = this.views.get(turn.id).element;
      const view = new TurnView(turn, this.actions);
      this.views.set(turn.id, view);
      old.replaceWith(view.element);
    }
    this.panel.refresh();
    this.showEmpty();
  }

  /** Questions that the documents answer: three in the page's language and script, one in each other language. */
  showExamples() {
    if (!this.offers.examples.length) {
      this.showTopics();
      return;
    }
    const own = language().split("-")[0];
    const counts = {};
    this.offer([...this.offers.examples].sort(([one], [other]) => near(other) - near(one)).filter(([tag]) => {
      const [name] = tag.split("-");
      counts[name] = (counts[name] ?? 0) + 1;
      return counts[name] <= (name === own ? 3 : 1);
    }));
  }

  /** Without questions to offer, ask about documents that are there, those in the page's language first. */
  async showTopics() {
    this.listed ??= asked(this.wire.server.documents(""));
    const { documents = [] } = await this.listed;
    const titled = documents.filter((each) => each.title !== each.source);
    titled.sort((one, other) => near(other.language) - near(one.language));
    this.offer(titled.slice(0, 3).map((each) => [language(), say("about", { title: each.title })]));
  }

  offer(questions) {
    const list = this.root.querySelector(".examples");
    list.replaceChildren(...questions.map(([tag, text]) => make("li", {},
      make("button", { type: "button", class: "example", ...speech(tag, text), onclick: () => this.ask(text) }, text))));
    this.root.querySelector(".welcome h2").hidden = !questions.length;
  }

  /** The box grows with the question, takes its direction, and says when it is too long. */
  fitBox() {
    const { box } = this;
    this.tooLong.hidden = [...box.value.trim()].length <= LONGEST;
    box.dir = box.value.trim() ? directionOf(box.value, language()) : document.documentElement.dir;
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }
}

/** How near a tag is to the page's language: the same, the same in another script, another. */
const near = (tag) => (tag === language() ? 2 : tag.split("-")[0] === language().split("-")[0] ? 1 : 0);

function savedTheme() {
  try {
    return localStorage.getItem(THEME) ?? "system";
  } catch {
    return "system";
  }
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // It then lasts as long as the page is open.
  }
}
