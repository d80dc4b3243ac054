import type { BindExpr, CallExpr, Expr, FoldExpr, FoldMacro } from './ast.ts';
import { SyntaxFault } from './source.ts';

/** Calls that are no functions: `has`, the comprehensions, `cel.bind`, the macros of optionals. */
export function expandMacro(call: CallExpr): Expr {
  if (!call.target) return call.fn === 'has' && call.args.length === 1 ? presence(call) : call;
  const { target, fn, args } = call;
  switch (fn) {
    case 'all':
    case 'exists':
      if (args.length === 2) return fold(call, fn, 1, args[1], undefined);
      return args.length === 3 ? fold(call, fn, 2, args[2], undefined) : call;
    case 'exists_one':
    case 'existsOne':
      if (args.length === 2) return fold(call, 'existsOne', 1, args[1], undefined);
      return args.length === 3 ? fold(call, 'existsOne', 2, args[2], undefined) : call;
    case 'map':
      if (args.length === 2) return fold(call, 'map', 1, undefined, args[1]);
      return args.length === 3 ? fold(call, 'map', 1, args[1], args[2]) : call;
    case 'filter':
      return args.length === 2 ? fold(call, 'filter', 1, args[1], undefined) : call;
    case 'transformList':
    case 'transformMap':
    case 'transformMapEntry':
      if (args.length === 3) return fold(call, fn, 2, undefined, args[2]);
      return args.length === 4 ? fold(call, fn, 2, args[2], args[3]) : call;
    case 'bind':
      if (args.length !== 3 || target.kind !== 'ident' || target.name !== 'cel') return call;
      return bind(call.at, nameOf(args[0]!), args[1]!, args[2]!);
    case 'optMap':
    case 'optFlatMap':
      return args.length === 2 ? optionalMap(call, target) : call;
  }
  return call;
}

function presence({ args, at }: CallExpr): Expr {
  const [arg] = args;
  if (arg!.kind === 'select') return { ...arg!, at, test: true };
  throw new SyntaxFault(arg!.at, 'invalid argument to has() macro');
}

function fold(
  call: CallExpr,
  macro: FoldMacro,
  variables: 1 | 2,
  condition: Expr | undefined,
  body: Expr | undefined,
): FoldExpr {
  const names = call.args.slice(0, variables).map(nameOf);
  if (variables === 2 && names[0] === names[1])
    throw new SyntaxFault(call.args[1]!.at, `duplicate variable name: ${names[1]}`);
  return { kind: 'fold', at: call.at, macro, range: call.target!, variables: names, condition, body };
}

function nameOf(expr: Expr): string {
  if (expr.kind === 'ident') return expr.name;
  throw new SyntaxFault(expr.at, 'argument must be a simple name');
}

function bind(at: number, variable: string, value: Expr, body: Expr): BindExpr {
  return { kind: 'bind', at, variable, value, body };
}

/** `x.optMap(v, body)`: `x.hasValue() ? optional.of(cel.bind(v, x.value(), body)) : optional.none()`. */
function optionalMap({ at, fn, args }: CallExpr, target: Expr): Expr {
  const held = '@optional';
  const of = (name: string, ...list: Expr[]): Expr => ({
    kind: 'call',
    at,
    fn: name,
    target: undefined,
    args: list,
  });
  const ident: Expr = { kind: 'ident', at, name: held };
  const member = (name: string): Expr => ({ kind: 'call', at, fn: name, target: ident, args: [] });
  const mapped = bind(at, nameOf(args[0]!), member('value'), args[1]!);
  const yes = fn === 'optMap' ? of('optional.of', mapped) : mapped;
  return bind(at, held, target, of('_?_:_', member('hasValue'), yes, of('optional.none')));
}
