export default { forbidden: [
 { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
], options: { parser: 'swc', tsPreCompilationDeps: true, includeOnly: '^(functions|infra|local|bench|packaging|test)/', doNotFollow: {path:'node_modules'}, enhancedResolveOptions: { extensions: ['.ts','.mjs','.js'] } } };
