// What a page of the report does beside being read. Without this script all is there but filters and payload trees.
//
// Addresses: index.html#verdict=failed&suite=…&clause=…&text=… filters, and cases/….html#m12 opens the 13th message.
"use strict";

const byId = (id) => document.getElementById(id);

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// The index: rows that fit the form stay.

function beginFilters(form) {
  const rows = Array.from(byId("rows").rows, (row) => ({
    row,
    verdict: row.dataset.verdict,
    suite: row.dataset.suite,
    clauses: row.dataset.clauses.split(" "),
    text: row.cells[1].textContent.toLowerCase(),
  }));

  // A clause is met by itself and by those below it: rfc7296#2.8 by rfc7296#2.8.1, but not by rfc7296#2.80.
  const within = (clause, wanted) => clause === wanted || (clause.startsWith(wanted) && !/[0-9A-Za-z]/.test(clause[wanted.length]));

  function apply() {
    const wanted = Object.fromEntries(new FormData(form));
    const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
    const clause = wanted.clause.trim();
    let shown = 0;
    for (const row of rows) {
      const fits =
        (!wanted.verdict || row.verdict === wanted.verdict) &&
        (!wanted.suite || row.suite === wanted.suite) &&
        (!clause || row.clauses.some((own) => within(own, clause))) &&
        words.every((word) => row.text.includes(word));
      row.row.hidden = !fits;
      shown += fits;
    }
    byId("count").textContent = `${shown} of ${rows.length}`;
    byId("none").hidden = shown > 0;
  }

  function fromAddress() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    for (const field of form.elements) if (field.name) field.value = wanted.get(field.name) ?? "";
    apply();
  }

  form.addEventListener("input", () => {
    const wanted = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    history.replaceState(null, "", wanted.size ? `#${wanted}` : location.pathname);
    apply();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", fromAddress);
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !/INPUT|SELECT/.test(document.activeElement.tagName)) {
      event.preventDefault();
      form.elements.text.focus();
    }
  });
  fromAddress();
}

// A page of a run: messages open beside the ladder.

// Lines that are moved in by two spaces a level, as nested lists.
function tree(text) {
  const root = element("ul", undefined, "tree");
  const open = [{ depth: -1, list: root }];
  const lines = text.split("\n").filter((line) => line.trim());
  lines.forEach((line, index) => {
    const depth = line.search(/\S/) / 2;
    while (open.at(-1).depth >= depth) open.pop();
    const item = element("li");
    open.at(-1).list.append(item);
    const next = lines[index + 1];
    if (next !== undefined && next.search(/\S/) / 2 > depth) {
      const details = element("details");
      const list = element("ul");
      details.open = true;
      details.append(element("summary", line.trim()), list);
      item.append(details);
      open.push({ depth, list });
    } else {
      item.textContent = line.trim();
    }
  });
  return root;
}

function beginLadder(ladder) {
  const { messages, trees } = JSON.parse(byId("messages").textContent);
  const panel = byId("message");
  let chosen = null;

  function show(arrow) {
    const message = messages[Number(arrow.id.slice(1))];
    const pairs = element("dl", undefined, "pairs");
    const pair = (name, value) => pairs.append(element("dt", name), element("dd", value));
    pair("Way", message.w);
    pair("Sent", message.s);
    if (message.a.length) pair("Came", message.a.join(", "));
    if (message.e) pair("Ended", message.e);
    if (message.b) pair("Befell it", message.b.join(", "));
    if (message.r) pair("Repeat", `the same was sent ${message.r === 1 ? "once" : `${message.r} times`} before`);
    const rest = message.t === undefined ? element("p", "There is nothing to see inside.", "muted") : tree(trees[message.t]);
    panel.replaceChildren(element("h3", message.l), pairs, rest);
    chosen?.classList.remove("chosen");
    chosen?.setAttribute("tabindex", "-1");
    chosen = arrow;
    arrow.classList.add("chosen");
    arrow.setAttribute("tabindex", "0");
    history.replaceState(null, "", `#${arrow.id}`);
  }

  const isArrow = (id) => /^m\d+$/.test(id);

  function fromAddress() {
    const id = location.hash.slice(1);
    const arrow = isArrow(id) ? byId(id) : null;
    if (arrow) {
      show(arrow);
      arrow.scrollIntoView({ block: "center" });
    }
  }

  ladder.addEventListener("click", (event) => {
    const arrow = event.target.closest(".m");
    if (arrow) show(arrow);
  });
  ladder.addEventListener("keydown", (event) => {
    const arrow = event.target.closest(".m");
    if (!arrow) return;
    const number = Number(arrow.id.slice(1));
    const last = messages.length - 1;
    const next = { ArrowDown: number + 1, ArrowUp: number - 1, Home: 0, End: last, PageDown: number + 20, PageUp: number - 20 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      const other = byId(`m${Math.min(Math.max(next, 0), last)}`);
      other.focus({ preventScroll: true });
      other.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      show(arrow);
    }
  });
  addEventListener("hashchange", fromAddress);
  fromAddress();
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  });
}
if (byId("filters")) beginFilters(byId("filters"));
if (byId("ladder")) beginLadder(byId("ladder"));
