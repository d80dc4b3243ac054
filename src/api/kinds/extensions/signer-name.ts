import { labelErrors, maxLabelLength, maxSubdomainLength, subdomainErrors } from '../../names.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

const form = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
/** Of a path that names an object and its namespace. */
const maxPath = maxSubdomainLength + maxLabelLength + 1;
const maxSignerName = maxSubdomainLength + maxPath + 1;

export function checkSignerName(name: string, at: FieldPath, out: Findings): void {
  if (!name) {
    out.required(at, 'signerName must be provided');
    return;
  }
  const [domain = '', path = '', ...more] = name.split('/');
  if (!name.includes('/') || more.length > 0) {
    out.invalid(at, name, form);
    return;
  }
  if (domain.length > maxSubdomainLength) out.tooLong(at, maxSubdomainLength);
  checkParts(domain, labelErrors, at, out);
  if (!domain.includes('.')) {
    out.invalid(at, domain, 'should be a domain with at least two segments separated by dots');
  }
  checkParts(path, subdomainErrors, at, out);
  if (name.length > maxSignerName) out.tooLong(at, maxSignerName);
}

/** Of the parts between dots, the first that is wrong. */
function checkParts(text: string, errors: (part: string) => string[], at: FieldPath, out: Findings): void {
  for (const part of text.split('.')) {
    const wrong = errors(part).map(why => `validating label ${JSON.stringify(part)}: ${why}`);
    out.invalidAll(at, text, wrong);
    if (wrong.length > 0) return;
  }
}
