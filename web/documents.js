// The view of what is indexed: search, open, and, where the server allows it, add and remove.

import { asked, button, freshId, icon, make } from "./dom.js";
import { language, languageName, number, say, sayProblem } from "./language.js";
import { badge } from "./turn.js";

export class Documents {
  /** upload: whether files may be added, mostFiles at once; open: shows a document. */
  constructor(dialog, server, { upload, mostFiles, open }) {
    Object.assign(this, { dialog, server, upload, mostFiles, openDocument: open });
    this.wire = new Promise((resolve) => { this.connect = resolve; });
    this.wire.then((wire) => wire.watch("value", () => this.progress(wire.props.value)));
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
    this.report = make("div", { class: "report", "aria-live": "polite" });
    this.dialog.replaceChildren(
      make("div", { class: "sheet-head" }, make("h2", {}, say("documents")),
        button("close", { label: say("close"), class: "quiet", onclick: () => this.dialog.close() })),
      this.total, ...(this.upload ? [this.adding(), this.report] : []), this.search, this.rows);
  }

  async list() {
    const searched = this.search.value;
    const found = await asked(this.server.documents(searched));
    if (searched !== this.search.value) return;
    if (found.problem !== undefined) {
      this.rows.replaceChildren(make("li", { class: "problem" }, say("unreachable")));
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

  adding() {
    const input = make("input", { type: "file", multiple: true, class: "unseen", id: "files",
      accept: ".txt,.md,.html,.htm,.pdf,.docx,.jsonl", onchange: () => this.add([...input.files]) });
    const zone = make("label", { class: "drop", for: "files" }, icon("upload"), make("b", {}, say("upload")),
      make("span", { class: "quiet" }, say("upload_hint")));
    const over = (event) => { event.preventDefault(); zone.classList.toggle("over", event.type === "dragover"); };
    for (const name of ["dragover", "dragleave", "drop"]) zone.addEventListener(name, over);
    zone.addEventListener("drop", (event) => this.add([...event.dataTransfer.files]));
    return make("div", {}, input, zone);
  }

  async add(files) {
    if (!files.length) return;
    if (files.length > this.mostFiles) {
      this.failed({}, say("upload_many", { count: number(this.mostFiles) }));
      return;
    }
    const wire = await this.wire;
    const sent = [];
    try {
      for (const [place, file] of files.entries()) {
        this.bar(say("uploading", { name: file.name }), place / files.length / 2);
        sent.push({ path: (await wire.upload(file)).path, name: file.name });
      }
    } catch {
      this.failed({});
      return;
    }
    this.adds = freshId();
    wire.send({ id: this.adds, files: sent });
  }

  progress(step) {
    if (!step || step.id !== this.adds) return;
    if (step.state === "indexing")
      this.bar(say("indexing", { name: step.name, passages: number(step.passages) }), 0.5 + (step.number - 0.5) / step.total / 2);
    else if (step.state === "failed") this.failed(step);
    else this.done(step.files);
  }

  bar(text, share) {
    this.report.replaceChildren(make("p", { dir: "auto" }, text),
      make("progress", { max: "1", value: String(share), "aria-label": say("progress") }));
  }

  failed(result, said = sayProblem(result, { request: "upload_failed", other: "upload_failed" })) {
    this.report.replaceChildren(make("p", { class: "problem", dir: "auto" }, icon("info"), said));
  }

  done(files) {
    this.report.replaceChildren(make("h3", {}, say("report")), make("ul", { class: "results" }, ...files.map((file) =>
      make("li", { class: file.result }, make("bdi", { dir: "auto" }, file.name), make("b", {}, say(file.result)),
        why(file)))));
    this.list();
  }
}

/** Why a file could not be read: in English with all details, else by its kind; nothing where that is unknown. */
function why(file) {
  if (!file.why || (language() !== "en" && !file.kind)) return null;
  return make("span", { class: "quiet" }, language() === "en" ? file.why : say(`why_${file.kind}`, { line: number(file.line) }));
}
