// The page inside the widget's frame: questions to /api/ask, answers as they are checked, documents opened at
// the cited sentence. Everything shown is set as text, never as HTML.
const address = new URLSearchParams(location.search);
const site = address.get("site") || "";
const token = address.get("token") || "";
const language = ["ar", "zh-Hans", "zh-Hant"].includes(address.get("language")) ? address.get("language") : "en";

const WORDS = {
  en: {
    welcome: "Ask a question. Every sentence of the answer shows where it comes from.",
    question: "Your question", placeholder: "Ask in English, Arabic or Chinese…", send: "Ask", stop: "Stop",
    searching: "Searching the documents…", writing: "Writing and checking the answer…",
    waiting: "Number {number} in line…", stopped: "Stopped.",
    failed: "The server could not be reached. Please ask again.",
    problem: "Something went wrong on the server. Please ask again.",
    sources: "Sources found: {number}", closest: "The closest passages", marker: "Source {number}",
    page: "page {number}", quoted: "Quoted from", support: "Supported by its source: {number}%", back: "Back to the answer",
    copy: "Copy", copied: "Copied", good: "Good answer", bad: "Bad answer", cut: "Only the part around the sentence is shown.",
    missing: "This document is no longer in the index.",
  },
  ar: {
    welcome: "اطرح سؤالًا. كل جملة من الإجابة تبيّن مصدرها.",
    question: "سؤالك", placeholder: "اسأل بالعربية أو الصينية أو الإنجليزية…", send: "اسأل", stop: "إيقاف",
    searching: "جارٍ البحث في الوثائق…", writing: "جارٍ كتابة الإجابة والتحقق منها…",
    waiting: "ترتيبك في الانتظار: {number}", stopped: "أُوقفت الإجابة.",
    failed: "تعذّر الوصول إلى الخادم. يُرجى إعادة طرح السؤال.",
    problem: "حدث خطأ ما في الخادم. يُرجى إعادة طرح السؤال.",
    sources: "المصادر التي عُثر عليها: {number}", closest: "أقرب المقاطع", marker: "المصدر {number}",
    page: "صفحة {number}", quoted: "مقتبس من", support: "يدعمها مصدرها بنسبة {number}٪", back: "العودة إلى الإجابة",
    copy: "نسخ", copied: "نُسخت", good: "إجابة جيدة", bad: "إجابة سيئة", cut: "يظهر الجزء المحيط بالجملة فقط.",
    missing: "لم تعد هذه الوثيقة في الفهرس.",
  },
  "zh-Hans": {
    welcome: "请提问。答案的每句话都会注明出处。",
    question: "您的问题", placeholder: "请用中文、阿拉伯语或英语提问……", send: "提问", stop: "停止",
    searching: "正在检索文档……", writing: "正在撰写并核对答案……",
    waiting: "正在排队，您是第 {number} 位", stopped: "已停止。",
    failed: "无法连接服务器，请重新提问。",
    problem: "服务器出了点问题，请重新提问。",
    sources: "找到的来源：{number}", closest: "最接近的段落", marker: "来源 {number}",
    page: "第 {number} 页", quoted: "引自", support: "出处支持度：{number}%", back: "返回答案",
    copy: "复制", copied: "已复制", good: "答得好", bad: "答得不好", cut: "仅显示该句前后的部分。",
    missing: "该文档已不在索引中。",
  },
  "zh-Hant": {
    welcome: "請提問。答案的每句話都會註明出處。",
    question: "您的問題", placeholder: "請用中文、阿拉伯語或英語提問……", send: "提問", stop: "停止",
    searching: "正在檢索文件……", writing: "正在撰寫並核對答案……",
    waiting: "正在排隊，您是第 {number} 位", stopped: "已停止。",
    failed: "無法連線伺服器，請重新提問。",
    problem: "伺服器出了點問題，請重新提問。",
    sources: "找到的來源：{number}", closest: "最接近的段落", marker: "來源 {number}",
    page: "第 {number} 頁", quoted: "引自", support: "出處支持度：{number}%", back: "返回答案",
    copy: "複製", copied: "已複製", good: "答得好", bad: "答得不好", cut: "僅顯示該句前後的部分。",
    missing: "該文件已不在索引中。",
  },
}[language];
const say = (name, number) => WORDS[name].replace("{number}", number);

const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ps", "sd", "ug", "ur", "yi"]);
const SHOWN_AROUND = 50_000; // code points of a document before and after the cited sentence
const FOLLOWED = 6; // exchanges that a question follows up on

// ---- Elements -----------------------------------------------------------------------------------------
const find = (id) => document.getElementById(id);
const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") element.addEventListener("click", value);
    else element.setAttribute(key, value);
  }
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
const inLanguage = (code) => ({ lang: code, dir: RIGHT_TO_LEFT.has(code.slice(0, 2)) ? "rtl" : "ltr" });
const names = new Intl.DisplayNames([language], { type: "language", fallback: "code" });
const badge = (code) => {
  let name = code;
  try { name = names.of(code); } catch { /* no language tag: shown as it came */ }
  return make("span", { class: "badge" }, name);
};

// ---- Server -------------------------------------------------------------------------------------------
const headers = () => ({
  "content-type": "application/json",
  ...(token ? { authorization: `Bearer ${token}` } : {}),
});
const post = (path, body, signal) => fetch(path, { method: "POST", headers: headers(), body: JSON.stringify(body), signal });

/** The server-sent events of a response, as [name, data]. */
async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let held = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (held + value).split("\n\n");
    held = blocks.pop();
    for (const block of blocks) {
      const [, name, data] = block.match(/^event: (.*)\ndata: (.*)$/s) || [];
      if (name) yield [name, JSON.parse(data)];
    }
  }
}

// ---- One question -------------------------------------------------------------------------------------
const exchanges = [];
let running = null;
let last = Promise.resolve();

/** Questions are answered one after another, in the order they came. */
const ask = (question) => {
  last = last.finally(() => answer(question));
};

async function answer(question) {
  running = new AbortController();
  busy(true);
  const view = new Turn(question);
  try {
    const history = exchanges.slice(-FOLLOWED);
    const response = await post("api/ask", { question, history, stream: true }, running.signal);
    if (!response.ok) throw new Error("refused", { cause: await response.json().catch(() => ({})) });
    for await (const [name, data] of eventsOf(response)) {
      view[name]?.(data);
      if (name === "answer") {
        exchanges.push({ question, answer: data.answer });
        const { answer, abstained, citations } = data;
        tell({ type: "answer", detail: { question, answer, abstained, citations } });
      }
    }
    view.end();
  } catch (error) {
    if (running.signal.aborted) view.end(WORDS.stopped);
    else if (error.cause) view.error(error.cause);
    else view.problem(WORDS.failed);
  } finally {
    running = null;
    busy(false);
  }
}

/** What is shown of one question; its methods are named as the server's events. */
class Turn {
  constructor(question) {
    this.question = question;
    this.body = make("div", { class: "answer", dir: "auto" });
    this.state = make("p", { class: "state", role: "status" }, WORDS.searching);
    this.found = make("details", { class: "sources", hidden: "" });
    this.element = make(
      "article", { class: "turn" }, make("p", { class: "question", dir: "auto" }, question), this.body, this.state, this.found,
    );
    this.paragraph = null;
    find("welcome").hidden = true;
    find("turns").append(this.element);
    this.element.scrollIntoView({ block: "start" });
  }

  sources({ hits }) {
    this.state.textContent = WORDS.writing;
    const rows = hits.map((hit) => make("li", {}, opener(hit.title || hit.source, hit), ...placeOf(hit)));
    this.found.append(make("summary", {}, say("sources", hits.length)), make("ol", {}, ...rows));
    this.found.hidden = false;
  }

  waiting({ position }) {
    this.state.textContent = say("waiting", position);
  }

  sentence({ text, kind, markers, support, citations }) {
    this.state.textContent = WORDS.writing;
    const cited = markers.map((marker) => citations.find((each) => each.marker === marker)).filter(Boolean);
    if (kind === "generated") {
      if (!this.paragraph) this.body.append((this.paragraph = make("p", { dir: "auto" })));
      const title = say("support", Math.round(support * 100));
      this.paragraph.append(make("span", { title }, text), ...cited.flatMap(markerOf), " ");
    } else {
      this.paragraph = null;
      const [first] = cited;
      if (kind === "quoted" && first) this.body.append(quoteOf(first, text, cited.flatMap(markerOf)));
      else this.body.append(make("p", { class: "notice", dir: "auto" }, text));
    }
  }

  answer(answer) {
    this.element.classList.toggle("abstained", answer.abstained);
    if (answer.closest.length) {
      this.body.append(make("h3", {}, WORDS.closest), ...answer.closest.map((each) => quoteOf(each, each.quote, [])));
    }
    this.element.append(toolsOf(answer));
  }

  /** The server's own words are English, but for those on a full line, which are in the question's language. */
  error({ error, kind }) {
    this.problem(error && (language === "en" || kind === "busy") ? error : WORDS.problem);
  }

  problem(said) {
    this.body.append(make("p", { class: "problem", role: "alert", dir: "auto" }, said));
    this.end();
  }

  end(said = "") {
    this.state.remove();
    if (said) this.body.append(make("p", { class: "notice" }, said));
  }
}

const opener = (text, place) =>
  make("button", { class: "passage", type: "button", dir: "auto", onclick: (event) => read(place, event.target) }, text);

const markerOf = (citation) => [
  "\u00a0", // no line begins with a marker
  make(
    "button",
    {
      class: "marker", type: "button", "aria-label": say("marker", citation.marker),
      onclick: (event) => read(citation, event.target),
    },
    `${citation.marker}`,
  ),
];

const placeOf = ({ language: code, page }) => [badge(code), ...(page ? [say("page", page)] : [])];

const quoteOf = (citation, text, markers) =>
  make(
    "blockquote", {},
    make("p", inLanguage(citation.language), text, ...markers),
    make("p", { class: "about" }, `${WORDS.quoted} `, opener(citation.title || citation.source, citation), ...placeOf(citation)),
  );

function toolsOf(answer) {
  const copied = async (event) => {
    const list = answer.citations.map((each) => `[${each.marker}] ${each.title || each.source} (${each.source})`);
    await navigator.clipboard.writeText([answer.answer, ...list].join("\n"));
    event.target.textContent = WORDS.copied;
  };
  const judge = (rating) => async (event) => {
    const button = event.currentTarget;
    const { id, question } = answer;
    const response = await post("api/feedback", { id, question, answer: answer.answer, rating }).catch(() => null);
    if (!response?.ok) return;
    for (const each of button.parentElement.querySelectorAll("[aria-pressed]")) each.ariaPressed = `${each === button}`;
  };
  const thumb = (rating, label, path) =>
    make("button", { type: "button", "aria-label": label, "aria-pressed": "false", onclick: judge(rating) }, icon(path));
  return make(
    "div", { class: "tools" },
    make("button", { type: "button", onclick: copied }, WORDS.copy),
    thumb("up", WORDS.good, "M7 11v9H4v-9z M7 11l4-7c2 0 3 1 2.500 3L13 10h6c1 0 1.500 1 1 2l-2 7c0 .600-.500 1-1 1H7"),
    thumb("down", WORDS.bad, "M7 13V4H4v9z M7 13l4 7c2 0 3-1 2.500-3L13 14h6c1 0 1.500-1 1-2l-2-7c0-.600-.500-1-1-1H7"),
  );
}

// ---- A document, opened at the cited sentence ------------------------------------------------------
let returnTo = null;

async function read(place, from) {
  const path = `api/documents/${encodeURIComponent(place.document_id)}`;
  const response = await fetch(path, { headers: headers() }).catch(() => null);
  const found = response?.ok ? await response.json().catch(() => null) : null;
  returnTo = from;
  if (found) show(found, place);
  else excuse(place, response?.status === 404 ? WORDS.missing : response ? WORDS.problem : WORDS.failed);
}

function show(found, place) {
  const characters = Array.from(found.text); // offsets count code points
  const start = Math.max(0, place.start - SHOWN_AROUND);
  const end = Math.min(characters.length, place.end + SHOWN_AROUND);
  const text = (from_, to) => characters.slice(from_, to).join("");
  const mark = make("mark", { tabindex: "-1" }, text(place.start, place.end));
  const tag = found.language === "zh" && found.script ? `zh-${found.script}` : found.language;
  const article = find("reader-text");
  for (const [name, value] of Object.entries(inLanguage(tag))) article.setAttribute(name, value);
  article.replaceChildren(...prose(text(start, place.start)), mark, ...prose(text(place.end, end)));
  find("reader-title").textContent = found.title || found.source;
  find("reader-place").replaceChildren(
    make("bdi", {}, found.source), ...placeOf({ language: tag, page: place.page }),
    ...(start > 0 || end < characters.length ? [WORDS.cut] : []),
  );
  shut(false);
  mark.scrollIntoView({ block: "center" });
  mark.focus({ preventScroll: true });
}

/** In place of a document that cannot be shown, why. */
function excuse(place, why) {
  const article = find("reader-text");
  for (const [name, value] of Object.entries(inLanguage(language))) article.setAttribute(name, value);
  article.replaceChildren(make("p", { class: "problem" }, why));
  find("reader-title").textContent = place.title || place.source;
  find("reader-place").replaceChildren(make("bdi", {}, place.source));
  shut(false);
  article.focus();
}

/** Text and its headings, which are written as in Markdown. */
const prose = (text) => text.split(/^#{1,6}[ \t]+(\S.*)\n?/m)
  .map((piece, number) => (number % 2 ? make("h3", {}, piece) : piece));

/** Shut or open the reader; what lies under it cannot be reached. */
function shut(closed) {
  find("reader").hidden = closed;
  find("talk").inert = find("form").inert = !closed;
  if (closed) returnTo?.focus();
}

// ---- The page and the site around it ---------------------------------------------------------------
const tell = (message) => {
  if (parent !== window && site) parent.postMessage(message, site);
};
const busy = (on) => {
  const [shown, hidden] = on ? [find("stop"), find("send")] : [find("send"), find("stop")];
  const focused = document.activeElement === hidden;
  shown.hidden = false;
  if (focused) shown.focus();
  hidden.hidden = true;
};
const submit = () => {
  const question = find("question").value;
  if (running || !question.trim()) return;
  find("question").value = "";
  ask(question);
};

document.documentElement.lang = language;
document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
find("welcome").textContent = WORDS.welcome;
find("question").placeholder = WORDS.placeholder;
find("turns").ariaLabel = WORDS.sources.split(/[:：]/)[0];
for (const [id, label, path] of [
  ["question", WORDS.question], ["send", WORDS.send, "M4 12h15M13 6l6 6-6 6"], ["stop", WORDS.stop, "M7 7h10v10H7z"],
  ["back", WORDS.back, "M5 12h14M13 6l6 6-6 6"],
]) {
  find(id).ariaLabel = label;
  if (path) find(id).append(icon(path));
}
for (const [name, parameter] of [["--accent", "accent"], ["--on-accent", "ink"]]) {
  const colour = address.get(parameter);
  if (CSS.supports("color", colour)) document.documentElement.style.setProperty(name, colour);
}

find("form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
find("question").addEventListener("keydown", (event) => {
  // While an input method composes, Enter picks a word.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
find("stop").addEventListener("click", () => {
  running?.abort();
  find("question").focus();
});
find("back").addEventListener("click", () => shut(true));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (find("reader").hidden) tell({ type: "close" });
  else shut(true);
});
addEventListener("message", (event) => {
  if (event.source !== parent || event.origin !== site) return;
  if (event.data?.type === "focus") find("question").focus();
  if (event.data?.type === "ask" && event.data.question.trim()) {
    if (!find("reader").hidden) shut(true);
    ask(event.data.question);
  }
});
tell({ type: "ready" });
