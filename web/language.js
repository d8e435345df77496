// The page's language: its strings, numbers, names of languages, and the direction of any text.

const RIGHT_TO_LEFT = /^(ar|he|fa|ur|ps|sd|ug|yi|dv|ckb)\b/;
const RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/gu;
const LETTER = /\p{L}/gu;
const KEY = "tricite.language";

let strings = {};
let current = "en";
const listeners = [];

/** Fetch the strings and take the reader's language: the one chosen before, else the browser's. */
export async function loadLanguage() {
  strings = await (await fetch("web/strings.json")).json();
  let chosen = null;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {
    // A browser that keeps nothing has its own language all the same.
  }
  current = strings[chosen] ? chosen : preferred(navigator.languages);
}

/** The first of the browser's languages that the page speaks. */
function preferred(tags) {
  for (const tag of tags) {
    const lower = tag.toLowerCase();
    if (/^zh\b/.test(lower)) return /-(hant|tw|hk|mo)\b/.test(lower) ? "zh-Hant" : "zh-Hans";
    if (strings[lower.split("-")[0]]) return lower.split("-")[0];
  }
  return "en";
}

export const language = () => current;

export function setLanguage(tag) {
  current = tag;
  try {
    localStorage.setItem(KEY, tag);
  } catch {
    // It then lasts as long as the page is open.
  }
  for (const listener of listeners) listener();
}

/** Call a function now and whenever the language changes. */
export function onLanguage(listener) {
  listeners.push(listener);
  listener();
}

/** A string of the page's language, its {names} filled in. */
export function say(name, values = {}) {
  return strings[current][name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

/** A problem the server tells of: the page's own sentence for its kind; of no known kind, in English its words. */
export function sayProblem({ problem, kind }, sentences = {}) {
  const name = sentences[kind] ?? `problem_${kind}`;
  if (strings[current][name]) return say(name);
  return current === "en" && problem ? problem : say(sentences.other ?? "failed");
}

/** Say what the markup asks for with data-say, data-label and data-icon. */
export function sayAll(root) {
  for (const element of root.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of root.querySelectorAll("[data-label]")) {
    const label = say(element.dataset.label);
    element.setAttribute("aria-label", label);
    if (element.matches("button, select")) element.title = label;
  }
}

/** Digits stay 0 to 9, as in the markers of an answer. */
const locale = () => `${current}-u-nu-latn`;

export const number = (value) => new Intl.NumberFormat(locale()).format(value);

export const percent = (share) => new Intl.NumberFormat(locale(), { style: "percent" }).format(share);

export const when = (time) =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));

/** A language's name in that language: العربية, 简体中文, English. */
export function languageName(tag) {
  try {
    return new Intl.DisplayNames([tag], { type: "language" }).of(tag);
  } catch {
    return tag;
  }
}

export const directionOfLanguage = (tag) => (RIGHT_TO_LEFT.test(tag) ? "rtl" : "ltr");

/** The direction most of a text's letters run in: an Arabic sentence may well begin with a Latin name. */
export function directionOf(text, tag) {
  const letters = text.match(LETTER)?.length ?? 0;
  if (!letters) return directionOfLanguage(tag);
  return 2 * (text.match(RIGHT)?.length ?? 0) > letters ? "rtl" : "ltr";
}

/** lang and dir of a text, for make(). */
export const speech = (tag, text) => ({ lang: tag, dir: text === undefined ? directionOfLanguage(tag) : directionOf(text, tag) });
