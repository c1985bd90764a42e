"use strict";
(() => {
  const byId = (name) => document.getElementById(name);

  // What to know of a token under the pointer, and of one that was tapped.
  const detail = byId("token-detail");
  const tell = (event) => {
    const token = event.target.closest && event.target.closest(".t");
    if (token && detail) detail.textContent = token.title;
  };
  document.addEventListener("pointerover", tell);
  document.addEventListener("click", tell);

  // The table of tokens: every text goes into the page by textContent only.
  const source = byId("token-data");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  source.textContent = "";

  const ROW = 26; // height of a row in pixels, as in the style
  const MARGIN = 8; // rows drawn above and below those in sight
  const kinds = Uint8Array.from(data.kinds, Number);
  const size = kinds.length;
  const texts = data.texts.split("\n");
  const preset = data.preset.split("\n");
  const counts = new Float64Array(size);
  data.used.forEach((id, place) => { counts[id] = data.counts[place]; });
  const start = table(data.pieces);
  const inside = table(data.inside);
  const insideRow = new Map(data.inside.ids.map((id, row) => [id, row]));

  function table({ values, lengths }) {
    const offsets = new Int32Array(lengths.length + 1);
    for (let i = 0; i < lengths.length; i++) offsets[i + 1] = offsets[i] + lengths[i];
    return { values: Int32Array.from(values), offsets };
  }

  // Lower case of all texts, and the order by count: made when first needed.
  const once = (make) => { let made; return () => (made ??= make()); };
  const lower = once(() => data.texts.toLowerCase().split("\n"));
  const lowerPreset = once(() => data.preset.toLowerCase().split("\n"));
  const byCount = once(() => {
    const used = data.used.slice().sort((a, b) => counts[b] - counts[a] || a - b);
    const unused = [];
    for (let id = 0; id < size; id++) if (counts[id] === 0) unused.push(id);
    return Int32Array.from(used.concat(unused));
  });

  const grid = byId("grid");
  const space = byId("space");
  const search = byId("search");
  const where = byId("where");
  const order = byId("order");
  const chosen = new Uint8Array(data.names.length).fill(1);
  let found = new Int32Array(0);

  function inTexts(needle) {
    const all = lower();
    const id = /^\d+$/.test(needle) ? Number(needle) : -1;
    return (row) => row === id || all[row].includes(needle);
  }

  function inPieces(needle) {
    const hit = Uint8Array.from(lowerPreset(), (text) => text.includes(needle));
    const any = (from, row) => {
      for (let i = from.offsets[row]; i < from.offsets[row + 1]; i++)
        if (hit[from.values[i]]) return true;
      return false;
    };
    return (row) =>
      any(start, row) || (insideRow.has(row) && any(inside, insideRow.get(row)));
  }

  function filter() {
    const needle = search.value.trim().toLowerCase();
    const fits = needle && (where.value === "pieces" ? inPieces : inTexts)(needle);
    const rows = new Int32Array(size);
    const ordered = order.value === "count" ? byCount() : null;
    let length = 0;
    for (let place = 0; place < size; place++) {
      const row = ordered ? ordered[place] : place;
      if (chosen[kinds[row]] && (!fits || fits(row))) rows[length++] = row;
    }
    found = rows.subarray(0, length);
    byId("shown").textContent =
      `${length.toLocaleString("en")} of ${size.toLocaleString("en")} tokens`;
    space.style.height = `${length * ROW}px`;
    grid.setAttribute("aria-rowcount", String(length));
    grid.scrollTop = 0;
    draw();
  }

  const lines = [];
  function line(place) {
    if (!lines[place]) {
      const row = document.createElement("div");
      row.className = "grid-row";
      row.setAttribute("role", "row");
      for (let i = 0; i < 6; i++) {
        const cell = document.createElement("span");
        cell.setAttribute("role", "cell");
        cell.dir = "auto";
        row.append(cell);
      }
      space.append(row);
      lines[place] = row;
    }
    return lines[place];
  }

  const spelt = (from, row) => {
    const ids = from.values.subarray(from.offsets[row], from.offsets[row + 1]);
    return Array.from(ids, (id) => preset[id]).join(" | ") || "-";
  };

  function draw() {
    const first = Math.max(0, Math.floor(grid.scrollTop / ROW) - MARGIN);
    const wanted = Math.ceil(grid.clientHeight / ROW) + 2 * MARGIN;
    const last = Math.min(found.length, first + wanted);
    for (let place = first; place < last; place++) {
      const row = found[place];
      const kind = data.names[kinds[row]];
      const cells = [
        String(row),
        texts[row],
        kind,
        spelt(start, row),
        insideRow.has(row) ? spelt(inside, insideRow.get(row)) : "same",
        counts[row] ? counts[row].toLocaleString("en") : "",
      ];
      const element = line(place - first);
      element.style.transform = `translateY(${place * ROW}px)`;
      element.hidden = false;
      element.setAttribute("aria-rowindex", String(place + 1));
      cells.forEach((content, column) => {
        const cell = element.children[column];
        cell.textContent = content;
        cell.title = content;
      });
      element.children[2].className = `kind k-${kind}`;
    }
    for (let place = last - first; place < lines.length; place++) lines[place].hidden = true;
  }

  const total = new Uint32Array(data.names.length);
  kinds.forEach((kind) => { total[kind]++; });
  data.names.forEach((name, kind) => {
    if (!total[kind]) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = `kind k-${name}`;
    button.textContent = `${name} ${total[kind].toLocaleString("en")}`;
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => {
      chosen[kind] ^= 1;
      button.setAttribute("aria-pressed", String(Boolean(chosen[kind])));
      filter();
    });
    byId("kinds").append(button);
  });

  let waiting = false;
  grid.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  });
  for (const control of [search, where, order]) control.addEventListener("input", filter);
  window.addEventListener("resize", draw);
  filter();
})();
