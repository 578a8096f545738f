// Turns Express paths into the contract's templates (`/users/{id}`, `/files/{path*}`) and templates into sample URLs.
'use strict';

/** Gives every template that a path of Express 4 or 5 stands for; an optional part makes two. */
function templates(path, version) {
  if (path instanceof RegExp) return [path];
  return version === '4' ? oldTemplates(String(path)) : newTemplates(String(path));
}

/** Express 4: `:id`, `:id(\\d+)`, `:id?`, `*`, `(group)`. */
function oldTemplates(path) {
  let results = [''];
  let index = 0;
  while (index < path.length) {
    const name = /^:(\w+)/.exec(path.slice(index));
    let piece = path[index];
    index += name ? name[0].length : 1;
    if (name) piece = `{${name[1]}}`;
    if (name && path[index] === '(') index = afterGroup(path, index);
    if (!name && piece === '(') {
      index = afterGroup(path, index - 1);
      piece = '{path*}';
    }
    if (piece === '*') piece = '{path*}';
    if (name && (path[index] === '*' || path[index] === '+')) {
      piece = `{${name[1]}*}`;
      index++;
    }
    const optional = path[index] === '?';
    if (optional) index++;
    const without = optional ? results.map((result) => (name ? result.replace(/\/$/, '') : result)) : [];
    results = [...without, ...results.map((result) => result + piece)];
  }
  return results;
}

function afterGroup(path, start) {
  let depth = 0;
  for (let index = start; index < path.length; index++) {
    if (path[index] === '\\') index++;
    else if (path[index] === '(') depth++;
    else if (path[index] === ')' && --depth === 0) return index + 1;
  }
  return path.length;
}

/** Express 5: `:id`, `*splat`, `{optional}`. */
function newTemplates(path) {
  const group = /\{([^{}]*)\}/.exec(path);
  if (group) {
    const before = path.slice(0, group.index);
    const after = path.slice(group.index + group[0].length);
    return [...newTemplates(before + after), ...newTemplates(before + group[1] + after)];
  }
  return [path.replace(/:(\w+)/g, '{$1}').replace(/\*(\w+)/g, '{$1*}').replace(/:"([^"]+)"/g, '{$1}')];
}

/** Joins a prefix and a path the way nested routers do. */
function join(prefix, path) {
  if (path instanceof RegExp) return path;
  const joined = `${prefix}/${path}`.replace(/\/{2,}/g, '/');
  return joined.length > 1 ? joined.replace(/\/$/, '') : joined;
}

/** Fills the holes of a template. */
function sample(template) {
  return template.replace(/\{\w+\*\}/g, 'a/b').replace(/\{\w+\}/g, '1');
}

module.exports = { templates, join, sample };
