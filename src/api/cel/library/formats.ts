import {
  label1035Errors,
  labelErrors,
  labelValueErrors,
  qualifiedNameErrors,
  subdomainErrors,
} from '../../names.ts';
import { parseTimestamp } from '../instants.ts';
import { fn, type Overload } from '../signatures.ts';
import { ItemList, OpaqueValue, OptionalValue } from '../values.ts';
import { parseUrl } from './urls.ts';

/** `format.dns1123Label().validate(text)`: none, or what is wrong with the text. */

class FormatValue extends OpaqueValue {
  readonly typeName = 'kubernetes.NamedFormat';
  readonly name: string;
  readonly errors: (text: string) => string[];

  constructor(name: string, errors: (text: string) => string[]) {
    super();
    this.name = name;
    this.errors = errors;
  }

  equals(other: FormatValue): boolean {
    return this.name === other.name;
  }

  toString(): string {
    return this.name;
  }
}

type Check = (text: string) => string[];

/** A name that generated letters follow: a dash at its end is covered by them. */
const prefix =
  (check: Check): Check =>
  text =>
    check(text.endsWith('-') ? `${text.slice(0, -1)}a` : text);
const unless =
  (good: (text: string) => boolean, why: string): Check =>
  text =>
    good(text) ? [] : [why];
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const checks: Record<string, Check> = {
  dns1123Label: labelErrors,
  dns1123Subdomain: subdomainErrors,
  dns1035Label: label1035Errors,
  qualifiedName: qualifiedNameErrors,
  dns1123LabelPrefix: prefix(labelErrors),
  dns1123SubdomainPrefix: prefix(subdomainErrors),
  dns1035LabelPrefix: prefix(label1035Errors),
  labelValue: labelValueErrors,
  uri(text) {
    const url = parseUrl(text);
    return typeof url === 'string' ? [url] : [];
  },
  uuid: unless(text => uuid.test(text), 'does not match the UUID format'),
  byte: unless(text => base64.test(text), 'invalid base64'),
  date: unless(text => text.length === 10 && parseTimestamp(text) !== undefined, 'invalid date'),
  datetime: unless(text => text.length > 10 && parseTimestamp(text) !== undefined, 'invalid datetime'),
};

const named = new Map(Object.entries(checks).map(([name, check]) => [name, new FormatValue(name, check)]));

export const formats: readonly Overload[] = [
  ...[...named].map(([name, format]) => fn(`format.${name}(): kubernetes.NamedFormat`, () => format)),
  fn(
    'format.named(string): optional_type(kubernetes.NamedFormat)',
    (name: string) => new OptionalValue(named.get(name)),
  ),
  fn(
    'kubernetes.NamedFormat->validate(string): optional_type(list(string))',
    ({ errors }: FormatValue, text: string) => {
      const found = errors(text);
      return found.length === 0 ? OptionalValue.none : new OptionalValue(new ItemList(found));
    },
    (_: FormatValue, text: string) => Math.max(1, Math.ceil(text.length / 10) * 15),
  ),
];
