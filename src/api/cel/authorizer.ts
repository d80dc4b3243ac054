/** What an expression asks: whether somebody may do something. */
export type AuthorizerCheck =
  | { readonly kind: 'path'; readonly path: string; readonly verb: string }
  | {
      readonly kind: 'resource';
      readonly group: string;
      readonly resource: string;
      readonly subresource: string;
      readonly namespace: string;
      readonly name: string;
      readonly verb: string;
      readonly fieldSelector?: string;
      readonly labelSelector?: string;
    };

/** Who answers, for the user of a request. Never throws for what is merely not allowed. */
export interface AuthorizerPort {
  check(check: AuthorizerCheck): { allowed: boolean; reason: string };
  /** The same questions for a service account. */
  serviceAccount(namespace: string, name: string): AuthorizerPort;
}
