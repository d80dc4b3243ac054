export const protobufType = 'application/vnd.kubernetes.protobuf';
