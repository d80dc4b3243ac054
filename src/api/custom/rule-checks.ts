import { compileCel } from '../cel/cel.ts';
import { ruleEnvironment } from '../cel/rule-environment.ts';
import type { JSONSchemaProps, ValidationRule } from '../generated/types.ts';
import type { FieldPath } from '../kinds/field-path.ts';
import type { Findings } from '../kinds/findings.ts';
import { fieldOfRule } from './rule-field-path.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

/**
 * The rules at one place of a definition's schema: that they can be compiled, and that what they say can be told.
 * @param uncorrelated where in the schema old and new values cannot be told to belong together, if this is below it
 */
export function checkRuleTexts(
  schema: JSONSchemaProps,
  isResource: boolean,
  uncorrelated: FieldPath | undefined,
  at: FieldPath,
  out: Findings,
): void {
  for (const [index, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    const here = at.child('x-kubernetes-validations').index(index);
    checkTexts(rule, schema, here, out);
    if (!rule.rule?.trim()) continue;
    const environment = ruleEnvironment(schema, {
      root: isResource,
      optionalOldSelf: rule.optionalOldSelf === true,
    });
    const { program, error } = compileCel(rule.rule, environment, { result: ['bool'] });
    if (error !== undefined) out.invalid(here.child('rule'), rule, error);
    else if (uncorrelated && program?.references('oldSelf')) {
      const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`;
      out.invalid(here.child('rule'), rule.rule, why);
    }
    if (!rule.messageExpression?.trim()) continue;
    const plain = ruleEnvironment(schema, { root: isResource });
    const message = compileCel(rule.messageExpression, plain, { result: ['string'] });
    if (message.error !== undefined)
      out.invalid(here.child('messageExpression'), rule, `messageExpression ${message.error}`);
  }
}

function checkTexts(rule: ValidationRule, schema: JSONSchemaProps, at: FieldPath, out: Findings): void {
  const text = rule.rule?.trim() ?? '';
  if (text === '') out.required(at.child('rule'), 'rule is not specified');
  const { message, messageExpression, reason, fieldPath } = rule;
  if (message !== undefined && message !== '') {
    if (message.trim() === '') {
      out.invalid(at.child('message'), message, 'message must be non-empty if specified');
    } else if (message.trim().includes('\n')) {
      out.invalid(at.child('message'), message, 'message must not contain line breaks');
    }
  } else if (text.includes('\n')) {
    out.required(at.child('message'), 'message must be specified if rule contains line breaks');
  }
  if (messageExpression !== undefined && messageExpression !== '' && messageExpression.trim() === '') {
    out.required(at.child('messageExpression'), 'messageExpression must be non-empty if specified');
  }
  if (reason !== undefined && !reasons.includes(reason)) {
    out.notSupported(at.child('reason'), reason, reasons);
  }
  if (fieldPath && fieldOfRule(fieldPath, schema) === undefined) {
    out.invalid(
      at.child('fieldPath'),
      fieldPath,
      'fieldPath must be a valid path: does not refer to a valid field',
    );
  }
}
