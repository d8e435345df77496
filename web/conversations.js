// Conversations, kept in this browser alone. Where a browser keeps nothing they live as long as the page.

const KEY = "tricite.conversations";
const MOST = 50;

let memory = null; // the conversations, where the browser refuses to keep them

function read() {
  if (memory) return memory;
  try {
    const found = JSON.parse(localStorage.getItem(KEY));
    return found.filter((each) => each.id && each.turns.length);
  } catch {
    return [];
  }
}

function write(all) {
  for (let kept = all.slice(0, MOST); !memory; kept = kept.slice(0, -1)) {
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
      return;
    } catch {
      if (!kept.length) memory = all; // forbidden; else full, and the oldest goes first
    }
  }
  memory = all;
}

/** Every conversation {id, at, turns}, the latest first. */
export const conversations = read;

/** Keep one turn of a conversation, in the place of the replaced one: another page may have added others. */
export function save({ id, turns }, turn, replaced) {
  const all = read();
  const merged = [...(all.find((each) => each.id === id)?.turns ?? turns)];
  const place = merged.findIndex((each) => [turn.id, replaced?.id].includes(each.id));
  merged.splice(place < 0 ? merged.length : place, 1, turn);
  write([{ id, at: Date.now(), turns: merged }, ...all.filter((each) => each.id !== id)]);
}

export const forget = (id) => write(read().filter((each) => each.id !== id));

/** Whether the browser lets the page keep them. */
export function kept() {
  write(read());
  return !memory;
}
