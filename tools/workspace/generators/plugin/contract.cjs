'use strict';

/**
 * Reads a contract and writes the class that keeps its shape and none of its promises yet. Deriving it from
 * the interface means that no template has to follow when a contract changes.
 */
const ts = require('typescript');

/** @typedef {{ from: string, names: string[] }} Import */
/** @typedef {{ path: string, text: string }} Source */
/** @typedef {import('typescript').SourceFile} SourceFile */
/** @typedef {{ declaration: import('typescript').InterfaceDeclaration, source: SourceFile }} Found */

const CONTRACTS = '@caisson/contracts';

/**
 * @param {readonly Source[]} sources The files of the contracts library.
 * @param {string} contract
 * @param {string} className
 * @returns {string}
 */
function classOf(sources, contract, className) {
  const parsed = sources.map(({ path, text }) =>
    ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true),
  );
  const found = interfacesOf(parsed, contract);
  const members = found
    .flatMap(({ declaration }) => declaration.members.map(memberOf))
    .filter((text) => text !== '');
  const imports = importsOf(parsed, found, contract);
  return `${imports}\n\nexport class ${className} implements ${contract} {\n${members.join('\n\n')}\n}\n`;
}

/**
 * The interface and those it extends, most general first.
 *
 * @param {readonly SourceFile[]} parsed
 * @param {string} name
 * @returns {Found[]}
 */
function interfacesOf(parsed, name) {
  const found = parsed.flatMap((source) =>
    source.statements
      .filter(ts.isInterfaceDeclaration)
      .filter((declaration) => declaration.name.text === name)
      .map((declaration) => ({ declaration, source })),
  );
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw new Error(`expected one interface ${name} in the contracts, found ${found.length}`);
  }
  const parents = first.declaration.heritageClauses?.flatMap(({ types }) => types) ?? [];
  return [...parents.flatMap(({ expression }) => interfacesOf(parsed, expression.getText())), ...found];
}

/** @param {import('typescript').TypeElement} member */
function memberOf(member) {
  if (member.questionToken !== undefined) return '';
  const name = member.name?.getText() ?? '';
  const refusal = `    throw new CaissonError('UNIMPLEMENTED', { method: '${name}' });`;
  if (ts.isPropertySignature(member)) {
    return `  get ${name}(): ${textOf(member.type)} {\n${refusal}\n  }`;
  }
  if (!ts.isMethodSignature(member)) return '';
  const returned = textOf(member.type);
  const parameters = member.parameters.map((parameter) => `_${parameter.getText()}`.replace('_...', '..._'));
  const isAsync =
    member.type !== undefined && ts.isTypeReferenceNode(member.type) && /^Promise</.test(returned);
  const head = `  ${isAsync ? 'async ' : ''}${name}${typeParameters(member)}`;
  const line = `${head}(${parameters.join(', ')}): ${returned} {`;
  const wrapped = `${head}(\n${parameters.map((text) => `    ${text},\n`).join('')}  ): ${returned} {`;
  return `${line.length > 110 ? wrapped : line}\n${refusal}\n  }`;
}

/** @param {import('typescript').MethodSignature} member */
function typeParameters({ typeParameters }) {
  return typeParameters === undefined ? '' : `<${typeParameters.map((each) => each.getText()).join(', ')}>`;
}

/** @param {import('typescript').TypeNode | undefined} node */
function textOf(node) {
  return node === undefined ? 'void' : node.getText().replace(/\s+/g, ' ');
}

/**
 * @param {readonly SourceFile[]} parsed
 * @param {readonly Found[]} found
 * @param {string} contract
 */
function importsOf(parsed, found, contract) {
  /** @type {Map<string, Set<string>>} */
  const names = new Map([[CONTRACTS, new Set([contract])]]);
  const declared = new Set(parsed.flatMap((source) => source.statements.flatMap(declaredName)));
  for (const { declaration, source } of found) {
    const elsewhere = foreignNames(source);
    const written = declaration.members.filter(({ questionToken }) => questionToken === undefined);
    for (const name of new Set(written.flatMap((member) => [...referencedTypes(member)]))) {
      const from = elsewhere.get(name) ?? (declared.has(name) ? CONTRACTS : undefined);
      if (from !== undefined) names.set(from, new Set([...(names.get(from) ?? []), name]));
    }
  }
  const lines = [...names].map(([from, set]) => {
    const types = [...set].map((name) => `type ${name}`);
    return importLine(from, from === CONTRACTS ? ['CaissonError', ...types] : types);
  });
  return lines.join('\n');
}

/**
 * @param {string} from
 * @param {readonly string[]} unsorted
 */
function importLine(from, unsorted) {
  const bare = (/** @type {string} */ text) => text.replace('type ', '').toLowerCase();
  const names = [...unsorted].sort((a, b) => (bare(a) < bare(b) ? -1 : 1));
  const line = `import { ${names.join(', ')} } from '${from}';`;
  return line.length > 110
    ? `import {\n${names.map((name) => `  ${name},\n`).join('')}} from '${from}';`
    : line;
}

/**
 * Names a contract file takes from other packages.
 *
 * @param {SourceFile} source
 */
function foreignNames(source) {
  /** @type {Map<string, string>} */
  const names = new Map();
  for (const statement of source.statements.filter(ts.isImportDeclaration)) {
    const from = ts.isStringLiteral(statement.moduleSpecifier) ? statement.moduleSpecifier.text : '';
    const bindings = statement.importClause?.namedBindings;
    if (from.startsWith('.') || bindings === undefined || !ts.isNamedImports(bindings)) continue;
    for (const { name } of bindings.elements) names.set(name.text, from);
  }
  return names;
}

/** @param {import('typescript').Statement} statement */
function declaredName(statement) {
  const isNamed =
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isClassDeclaration(statement);
  return isNamed && statement.name !== undefined ? [statement.name.text] : [];
}

/** @param {import('typescript').Node} node */
function referencedTypes(node) {
  /** @type {Set<string>} */
  const names = new Set();
  /** @param {import('typescript').Node} child */
  const visit = (child) => {
    if (ts.isTypeReferenceNode(child)) names.add(child.typeName.getText());
    ts.forEachChild(child, visit);
  };
  visit(node);
  return names;
}

module.exports = { classOf, importLine };
