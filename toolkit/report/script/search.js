"use strict";
// Finding words: one long folded text with a line an article, so that a search is a walk from hit to hit.
(function () {
  const toolkit = (window.toolkit = window.toolkit || {});

  // Lower case, without accents, one space for whatever is no letter or figure; line ends stay. What is taken apart or
  // replaced is only what must be: most of a text is plain letters and lone spaces.
  const ACCENTED = /[\u00c0-\u1fff]+/g;
  const MARKS = "\x00-\x09\x0b-\x1f\x21-\x2f\x3a-\x60\x7b-\xbf\u2000-\u206f\u3000-\u303f\uff00-\uff0f";
  const GAP = new RegExp("[" + MARKS + "][" + MARKS + " ]*", "g");
  const plain = (run) => run.normalize("NFD").replace(/[\u0300-\u036f]+/g, "").replace(/đ/g, "d");
  const fold = (words) => words.toLowerCase().replace(ACCENTED, plain).replace(GAP, " ").replace(/  +/g, " ");

  // Lines folded, each with a space before it, joined; a line end within one is a space.
  toolkit.foldLines = (lines) => " " + fold(lines.map((line) => (line.includes("\n") ? line.replace(/\n/g, " ") : line)).join("\n")).replace(/\n/g, "\n ");

  // Of lines of folded text: line i belongs to row rows[i], or to the row `first` + i.
  toolkit.index = (text, first, rows) => {
    const starts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    starts.push(text.length + 1);
    return { text, starts: Uint32Array.from(starts), first, rows };
  };

  // Marks in `found` the rows with the term. A term of letters begins where a word does; in scripts that are written
  // without spaces it may stand anywhere.
  function mark(index, term, found) {
    const { text, starts, first, rows } = index;
    const wanted = /^[a-z0-9]/.test(term) ? " " + term : term;
    let line = 0;
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, starts[line])) {
      let low = line;
      let high = starts.length - 2;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (starts[middle] <= at) low = middle;
        else high = middle - 1;
      }
      found[rows ? rows[low] : first + low] = 1;
      line = low + 1;
      if (line >= starts.length - 1) break;
    }
  }

  // The terms of a query: {term, not}. Words of a phrase stand together; a minus before it says that it must not occur.
  toolkit.terms = (query) =>
    (query.replace(/[“”„]/g, '"').match(/-?"[^"]*"?|\S+/g) || [])
      .map((piece) => ({ not: piece.startsWith("-"), term: fold(piece.replace(/^-/, "").replace(/"/g, "")).trim() }))
      .filter((piece) => piece.term);

  // 1 for every row that the query finds; null for a query without words.
  toolkit.search = (indexes, query, n) => {
    const terms = toolkit.terms(query);
    if (!terms.length) return null;
    const result = new Uint8Array(n).fill(1);
    for (const { term, not } of terms) {
      const found = new Uint8Array(n);
      for (const index of indexes) mark(index, term, found);
      for (let row = 0; row < n; row++) if (found[row] === (not ? 1 : 0)) result[row] = 0;
    }
    return result;
  };
})();
