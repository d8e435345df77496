// The view of what is indexed: search, open, and, where the server allows it, add and remove.

import { asked, button, freshId, icon, make } from "./dom.js";
import { language, languageName, number, say, sayProblem } from "./language.js";
import { badge } from "./turn.js";

export class Documents {
  /** upload: whether files may be added, mostFiles at once; open: shows a document. */
  constructor(dialog, server, { upload, mostFiles, open }) {
    Object.assign(this, { dialog, server, upload, mostFiles, openDocument: open });
    this.step = null; // how far the last upload is
    this.adds = null; // and its id
    this.wire = new Promise((resolve) => { this.connect = resolve; });
    this.wire.then((wire) => wire.watch("value", () => {
      if (wire.props.value?.id === this.adds) this.progress(wire.props.value);
    }));
  }

  show() {
    this.draw();
    this.dialog.showModal();
    this.list();
  }

  draw() {
    this.total = make("p", { class: "quiet total" });
    this.search = make("input", { type: "search", class: "search", placeholder: say("documents_search"),
      "aria-label": say("documents_search"), oninput: () => this.list() });
    this.rows = make("ul", { class: "documents" });
    this.zone = make("div");
    this.report = make("div", { class: "report", "aria-live": "polite" });
    this.dialog.replaceChildren(
      make("div", { class: "sheet-head" }, make("h2", {}, say("documents")),
        button("close", { label: say("close"), class: "quiet", onclick: () => this.dialog.close() })),
      this.total, ...(this.upload ? [this.zone, this.report] : []), this.search, this.rows);
    this.showStep();
  }

  async list() {
    const searched = this.search.value;
    const found = await asked(this.server.documents(searched));
    if (searched !== this.search.value) return;
    if (found.problem !== undefined) {
      this.rows.replaceChildren(make("li", { class: "problem" }, sayProblem(found)));
      if (this.running()) this.progress({ state: "failed", ...found });
      return;
    }
    const languages = Object.entries(found.languages).map(([tag, count]) => `${languageName(tag)} ${number(count)}`);
    this.total.replaceChildren(say("documents_total", { count: number(found.total) }),
      ...languages.map((each) => make("bdi", { class: "badge" }, each)));
    const rows = found.documents.map((each) => this.row(each));
    if (!rows.length) rows.push(make("li", { class: "quiet" }, say("documents_none")));
    if (found.found > found.documents.length)
      rows.push(make("li", { class: "quiet" },
        say("documents_more", { shown: number(found.documents.length), count: number(found.found) })));
    this.rows.replaceChildren(...rows);
  }

  row(each) {
    const opened = () => {
      this.dialog.close();
      this.openDocument({ document_id: each.id });
    };
    const size = `${say("size")}: ${number(each.characters)} · ${say("passages")}: ${number(each.chunks)}`;
    const row = make("li", { class: "document" },
      make("div", { class: "document-what" },
        make("button", { type: "button", class: "link", onclick: opened }, make("bdi", { lang: each.language }, each.title)),
        badge(each.language),
        make("p", { class: "quiet" }, make("bdi", { class: "path", dir: "ltr" }, each.source), make("span", {}, size))),
      this.upload ? button("trash", { label: `${say("remove")}: ${each.title}`, class: "quiet",
        onclick: () => this.confirm(row, each) }) : null);
    return row;
  }

  confirm(row, each) {
    const sure = make("div", { class: "confirm" },
      make("p", {}, say("remove_confirm", { title: each.title })),
      make("button", { type: "button", class: "danger", onclick: async () => {
        const result = await asked(this.server.remove(each.id));
        if (result.problem !== undefined)
          sure.replaceChildren(make("p", { class: "problem", dir: "auto" }, sayProblem(result, { request: "problem_document" })));
        else this.list();
      } }, say("remove")),
      make("button", { type: "button", onclick: () => { sure.remove(); row.lastElementChild.focus(); } }, say("cancel")));
    row.querySelector(".confirm")?.remove();
    row.append(sure);
    sure.querySelector("button").focus();
  }

  // ---- Adding ------------------------------------------------------------------------------------------

  /** Where files are dropped or chosen; while some are being added, a sentence that says so. */
  adding() {
    if (this.running()) {
      const refuse = (event) => event.preventDefault(); // or the browser would open what is dropped
      return [make("p", { class: "drop off", ondragover: refuse, ondrop: refuse }, say("upload_running"))];
    }
    const input = make("input", { type: "file", multiple: true, class: "unseen", id: "files",
      accept: ".txt,.md,.html,.htm,.pdf,.docx,.jsonl", onchange: () => this.add([...input.files]) });
    const zone = make("label", { class: "drop", for: "files" }, icon("upload"), make("b", {}, say("upload")),
      make("span", { class: "quiet" }, say("upload_hint")));
    const over = (event) => { event.preventDefault(); zone.classList.toggle("over", event.type === "dragover"); };
    for (const name of ["dragover", "dragleave", "drop"]) zone.addEventListener(name, over);
    zone.addEventListener("drop", (event) => this.add([...event.dataTransfer.files]));
    return [input, zone];
  }

  async add(files) {
    if (!files.length) return;
    if (files.length > this.mostFiles) {
      this.progress({ state: "failed", kind: "many" });
      return;
    }
    const sent = [];
    try {
      for (const [place, file] of files.entries()) {
        this.progress({ state: "uploading", name: file.name, share: place / files.length / 2 });
        sent.push(await this.send(file));
      }
    } catch {
      this.progress({ state: "failed" });
      return;
    }
    this.adds = freshId();
    (await this.wire).send({ id: this.adds, files: sent });
  }

  /** Gradio keeps equal files of one name in one place: under a name of its own each upload has its own. */
  async send(file) {
    const { path } = await (await this.wire).upload(new File([file], freshId()));
    return { path, name: file.name };
  }

  progress(step) {
    this.step = step;
    this.showStep();
    if (step.state === "done") this.list();
  }

  running() {
    return ["uploading", "indexing"].includes(this.step?.state);
  }

  showStep() {
    const { step } = this;
    const shown = { uploading: () => this.bar(say("uploading", step), step.share),
      // Of a single file nobody knows how far it is: the bar then only says that work goes on.
      indexing: () => this.bar(say("indexing", { name: step.name, passages: number(step.passages) }),
        step.total > 1 ? 0.5 + (step.number - 0.5) / step.total / 2 : null),
      failed: () => this.failed(step), done: () => this.results(step.files) };
    this.report.replaceChildren(...(step ? shown[step.state]() : []));
    this.zone.replaceChildren(...this.adding());
  }

  bar(text, share) {
    return [make("p", { dir: "auto" }, text),
      make("progress", { max: "1", value: share === null ? null : String(share), "aria-label": say("progress") })];
  }

  failed(step) {
    const said = step.kind === "many" ? say("upload_many", { count: number(this.mostFiles) })
      : sayProblem(step, { request: "upload_failed", other: "upload_failed" });
    return [make("p", { class: "problem", dir: "auto" }, icon("info"), said)];
  }

  results(files) {
    return [make("h3", {}, say("report")), make("ul", { class: "results" }, ...files.map((file) =>
      make("li", { class: file.result }, make("bdi", { dir: "auto" }, file.name), make("b", {}, say(file.result)),
        why(file))))];
  }
}

/** Why a file could not be read: by its kind; where that is unknown, in English the server's words. */
function why(file) {
  if (!file.kind && (!file.why || language() !== "en")) return null;
  return make("span", { class: "quiet" }, file.kind ? say(`why_${file.kind}`, { line: number(file.line) }) : file.why);
}
