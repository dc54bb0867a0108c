extension SummaryPage {
  static let style = """
    :root{color-scheme:light dark;--line:#8885;--soft:#8881;--good:#1a7f37;--bad:#cf222e;\
    --calls:#3b82c4;--link:#0969da}
    @media (prefers-color-scheme:dark){:root{--good:#3fb950;--bad:#f85149;--calls:#58a6ff;\
    --link:#58a6ff}body{background:#0d1117;color:#e6edf3}}
    body{font:15px/1.5 system-ui,sans-serif;margin:0}
    main{max-width:76rem;margin:0 auto;padding:1rem 1.25rem 4rem}
    h1{font-size:1.25rem;margin:.5rem 0 1rem}h2{font-size:1.1rem;margin:2.25rem 0 .5rem}
    .headline{font-size:1.5rem;line-height:1.3;font-weight:700;padding:.75rem 1rem;\
    border-left:.5rem solid;background:var(--soft)}
    .good{border-color:var(--good)}.bad{border-color:var(--bad)}
    table{border-collapse:collapse;max-width:100%}
    th,td{text-align:left;vertical-align:top;padding:.25rem 1rem .25rem 0;\
    border-bottom:1px solid var(--line);overflow-wrap:anywhere}
    th{font-weight:600}thead th{white-space:nowrap}
    td{unicode-bidi:isolate}
    .wide{overflow-x:auto}.wide th{overflow-wrap:normal}
    .wide td:first-child{min-width:10rem}
    .k{white-space:nowrap;overflow-wrap:normal}
    .n{text-align:right;font-variant-numeric:tabular-nums}.sum{font-weight:700}
    code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}
    .timeline{width:100%;height:auto;display:block}
    .timeline text{font:11px system-ui,sans-serif;fill:currentColor;opacity:.75}
    .grid{stroke:var(--line);fill:none}
    rect.calls{fill:var(--calls)}rect.throttled{fill:var(--bad)}
    .swatch{display:inline-block;width:.8em;height:.8em;margin:0 .2em 0 .6em}
    .swatch.calls{background:var(--calls)}.swatch.throttled{background:var(--bad)}
    .key{margin:.25rem 0;font-size:.9rem}
    .bar{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.5rem 0}
    .bar input{flex:1 1 16rem}
    input,select,button{font:inherit;padding:.3rem .5rem;border:1px solid var(--line);\
    border-radius:.3rem;background:transparent;color:inherit}
    select option{color:initial;background:Canvas;color:CanvasText}
    button:disabled{opacity:.4}
    #list table{width:100%}#list td:first-child{min-width:12rem}
    #list thead button{border:0;padding:0;font-weight:600;cursor:pointer}
    #list tbody tr.row{cursor:pointer}#list tbody tr.row:hover{background:var(--soft)}
    #list td.no{color:var(--bad);font-weight:600}
    #list dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.25rem 0 .75rem}
    #list dt{font-weight:600}#list dd{margin:0;overflow-wrap:anywhere;unicode-bidi:isolate}
    a{color:var(--link)}
    @media print{:root{color-scheme:light;--bad:#cf222e;--good:#1a7f37;--calls:#3b82c4}body{font-size:9.5pt;background:#fff;color:#000}main{max-width:none;padding:0}\
    thead{display:table-header-group}tr,svg,.headline{break-inside:avoid}h2{break-after:avoid}\
    .wide{overflow:visible}#list,.noscript{display:none}\
    .swatch,rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
    """

  /// Reads the rows once, and builds no more of the table than is looked at.
  static let script = #"""

    (() => {
    'use strict';
    const size = 100, root = document.getElementById('list');
    const meta = JSON.parse(document.getElementById('meta').textContent);
    const rows = [];
    for (const part of document.querySelectorAll('script.rows')) {
      for (const row of JSON.parse(part.textContent)) rows.push(row);
      part.remove();
    }
    document.querySelector('.noscript').hidden = true;
    if (!rows.length) return;
    const text = v => typeof v === 'number' ? meta.strings[v] : v || '';
    const time = v => v ? new Date(v).toISOString().slice(0, 19).replace('T', ' ') + 'Z' : '';
    const onOff = v => ['', 'on', 'off'][v || 0];
    const outcome = r => meta.outcomes[r[4] || 0];
    const columns = [
      ['secret', r => r[1], r => r[1]],
      ['account', r => text(r[2]), r => text(r[2])],
      ['region', r => text(r[3]), r => text(r[3])],
      ['outcome', r => outcome(r), r => (r[5] ? '1' : '0') + outcome(r)],
      ['cause', r => text(r[13]), r => text(r[13])],
      ['would rotate', r => time(r[8]), r => r[8] || Infinity],
      ['calls', r => r[11] || 0, r => r[11] || 0],
      ['settled', r => time(r[9]), r => r[9] || Infinity],
    ];
    const make = (name, words, parent) => {
      const e = document.createElement(name);
      if (words !== undefined) e.textContent = words;
      if (parent) parent.append(e);
      return e;
    };
    const bar = make('div', undefined, root);
    bar.className = 'bar';
    const search = make('input', undefined, bar);
    search.type = 'search';
    search.placeholder = 'Search: name, account, region, outcome, cause, request id, place';
    search.setAttribute('aria-label', 'Search the targets');
    const pick = make('select', undefined, bar);
    pick.setAttribute('aria-label', 'Only this outcome');
    const counts = {};
    let bad = 0;
    for (const r of rows) {
      counts[outcome(r)] = (counts[outcome(r)] || 0) + 1;
      if (!r[5]) bad++;
    }
    const option = (value, words) => { make('option', words, pick).value = value; };
    option('', `all (${rows.length.toLocaleString('en')})`);
    if (bad && bad < rows.length) option('!', `not proven (${bad.toLocaleString('en')})`);
    for (const name of meta.outcomes) {
      if (counts[name]) option(name, `${name} (${counts[name].toLocaleString('en')})`);
    }
    const back = make('button', '‹ back', bar), on = make('button', 'next ›', bar);
    const shown = make('span', '', bar);
    shown.setAttribute('role', 'status');
    const frame = make('div', undefined, root);
    frame.className = 'wide';
    const table = make('table', undefined, frame);
    const head = make('tr', undefined, make('thead', undefined, table));
    const body = make('tbody', undefined, table);
    let found = rows, page = 0, sorted = -1, down = false;
    const haystacks = new Map();
    const haystack = r => {
      let h = haystacks.get(r);
      if (h === undefined) {
        h = [r[1], text(r[2]), text(r[3]), outcome(r), text(r[13]), r[14] || '', text(r[15]),
          text(r[16]), r[17] || ''].join('\n').toLowerCase();
        haystacks.set(r, h);
      }
      return h;
    };
    columns.forEach(([name], index) => {
      const cell = make('th', undefined, head);
      cell.scope = 'col';
      if (name === 'calls') cell.className = 'n';
      const button = make('button', name, cell);
      button.onclick = () => {
        down = sorted === index && !down;
        sorted = index;
        for (const other of head.children) other.removeAttribute('aria-sort');
        cell.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        for (const other of head.children) {
          const b = other.firstChild;
          b.textContent = b.textContent.replace(/ [▲▼]$/, '');
        }
        button.textContent += down ? ' ▼' : ' ▲';
        update();
      };
    });
    const update = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(w => w);
      const only = pick.value;
      found = rows.filter(r =>
        (!only || (only === '!' ? !r[5] : outcome(r) === only)) &&
        (!words.length || words.every(w => haystack(r).includes(w))));
      if (sorted >= 0) {
        const key = columns[sorted][2];
        const keyed = found.map(r => [key(r), r]);
        keyed.sort(([a, x], [b, y]) =>
          a < b ? (down ? 1 : -1) : a > b ? (down ? -1 : 1) : x[0] - y[0]);
        found = keyed.map(k => k[1]);
      }
      page = 0;
      render();
    };
    const details = r => {
      const line = make('tr');
      const cell = make('td', undefined, line);
      cell.colSpan = columns.length;
      const list = make('dl', undefined, cell);
      const add = (name, value) => {
        if (value === '' || value === undefined) return;
        make('dt', name, list);
        const d = make('dd', undefined, list);
        d.append(value);
      };
      add('place', r[17]);
      add('profile', text(r[16]));
      add('rotation', [onOff(r[6]), onOff(r[7])].map(v => v || 'not known').join(' → '));
      add('took', (r[10] || 0) + ' ms' + (r[12] ? `, ${r[12]} throttled` : ''));
      add('request id', r[14]);
      add('warnings', text(r[15]));
      for (const a of r[20] || []) {
        add(text(a[0]), [a[1] || 'no answer', text(a[2]), a[3], a[4] + ' ms',
          a[5] ? `then waited ${a[5]} ms` : ''].filter(v => v).join(', '));
      }
      if (r[19]) add('next', make('code', r[19]));
      if (r[18]) {
        const link = make('a', r[18]);
        link.href = r[18].split('/').map(encodeURIComponent).join('/');
        add('report', link);
      }
      return line;
    };
    const render = () => {
      const start = page * size, end = Math.min(start + size, found.length);
      const lines = [];
      for (const r of found.slice(start, end)) {
        const line = make('tr');
        line.className = 'row';
        line.tabIndex = 0;
        columns.forEach(([, value], index) => {
          const cell = make('td', value(r), line);
          if (index === 3 && !r[5]) cell.className = 'no';
          if (index === 6) cell.className = 'n';
          else if (index && index !== 4) cell.classList.add('k');
        });
        let open;
        const toggle = () => {
          if (open) { open.remove(); open = undefined; }
          else { open = details(r); line.after(open); }
        };
        line.onclick = () => { if (!String(getSelection())) toggle(); };
        line.onkeydown = e => {
          if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); toggle(); }
        };
        lines.push(line);
      }
      body.replaceChildren(...lines);
      shown.textContent = found.length
        ? `${(start + 1).toLocaleString('en')}–${end.toLocaleString('en')} of ` +
          found.length.toLocaleString('en')
        : 'none';
      back.disabled = page === 0;
      on.disabled = end >= found.length;
    };
    back.onclick = () => { page--; render(); };
    on.onclick = () => { page++; render(); };
    let wait;
    search.oninput = () => { clearTimeout(wait); wait = setTimeout(update, 150); };
    pick.onchange = update;
    render();
    root.hidden = false;
    })();

    """#
}
