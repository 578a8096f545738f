// The part of the `sqlite3` package that Sequelize uses, on the driver that is installed: the package itself is
// compiled or downloaded from elsewhere, and what it does with a statement is the same.
'use strict';
const Driver = require('better-sqlite3');

class Database {
  constructor(file, mode, ready) {
    this.inner = new Driver(file);
    setImmediate(() => (typeof mode === 'function' ? mode : ready)?.call(this, null));
  }
  run(text, values, done) {
    return this.perform('run', text, values, done);
  }
  all(text, values, done) {
    return this.perform('all', text, values, done);
  }
  perform(method, text, values, done) {
    if (typeof values === 'function') [values, done] = [[], values];
    let error = null;
    let result;
    try {
      const statement = this.inner.prepare(text);
      const given = Array.isArray(values) ? values : values ? [plain(values)] : [];
      result = method === 'all' && !statement.reader ? statement.run(...given) : statement[method](...given);
    } catch (thrown) {
      error = thrown;
    }
    const self = { lastID: Number(result?.lastInsertRowid ?? 0), changes: result?.changes ?? 0, sql: text };
    setImmediate(() => done?.call(self, error, Array.isArray(result) ? result.map(({ _metadata, ...row }) => row) : []));
    return this;
  }
  serialize(work) {
    work?.();
  }
  close(done) {
    this.inner.close();
    setImmediate(() => done?.(null));
  }
}

/** Names without the sign that `sqlite3` wants before them. */
function plain(values) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.replace(/^[$@:]/, ''), value]));
}

module.exports = { Database, OPEN_READWRITE: 2, OPEN_CREATE: 4, verbose: () => module.exports };
