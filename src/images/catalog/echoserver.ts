import { basePackages, debianFiles, defaultPath } from './debian-base.ts';
import { nginxFolders, nginxPackages, nginxUser } from './nginx.ts';
import type { Recipe } from './recipe.ts';
import { testRepositories } from './test-repositories.ts';

/** A certificate for 8443, made at each start as the original does; an elliptic key takes no time. */
const run = `#!/bin/sh
echo "Generating self-signed cert"
mkdir -p /certs
openssl req -x509 -nodes -days 365 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \\
  -keyout /certs/privateKey.key -out /certs/certificate.crt -subj "/CN=example.com" 2>/dev/null
echo "Starting nginx"
exec nginx -g "daemon off;"
`;

const configuration = `include /usr/share/nginx/modules-available/mod-http-ndk.conf;
include /usr/share/nginx/modules-available/mod-http-lua.conf;

user nginx;
error_log /dev/stderr notice;
pid /run/nginx.pid;

events {
    worker_connections 1024;
}

env HOSTNAME;
env NODE_NAME;
env POD_NAME;
env POD_NAMESPACE;
env POD_IP;

http {
    default_type text/plain;
    access_log /dev/stdout;
    client_max_body_size 10m;
    client_body_buffer_size 10m;
    lua_package_path "/usr/local/share/lua/5.1/?.lua;/usr/share/lua/5.1/?.lua;;";
    init_by_lua_block { answer = require("answer") }

    server {
        listen 8080 default_server reuseport;
        listen 8443 default_server ssl http2 reuseport;
        ssl_certificate /certs/certificate.crt;
        ssl_certificate_key /certs/privateKey.key;
        server_name _;
        keepalive_timeout 620s;

        location / {
            lua_need_request_body on;
            content_by_lua_block { answer.say() }
        }
    }
}
`;

/** The answer's sections, their order and their wording are the original's. */
const answer = `local answer = {}

local function line(name, value) return "\\t" .. name .. "=" .. tostring(value) end

local function pod()
  if not os.getenv("POD_NAME") then return { "\\t-no pod information available-" } end
  local function value(name) return os.getenv(name) or "N/A" end
  return {
    "\\tnode name:\\t" .. value("NODE_NAME"),
    "\\tpod name:\\t" .. value("POD_NAME"),
    "\\tpod namespace:\\t" .. value("POD_NAMESPACE"),
    "\\tpod IP:\\t" .. value("POD_IP"),
  }
end

local function request()
  local var = ngx.var
  return {
    line("client_address", var.remote_addr),
    line("method", ngx.req.get_method()),
    line("real path", var.request_uri),
    line("query", var.query_string or ""),
    line("request_version", ngx.req.http_version()),
    line("request_scheme", var.scheme),
    line("request_uri", var.scheme .. "://" .. var.host .. ":" .. var.server_port .. var.request_uri),
  }
end

local function headers()
  local received, names, lines = ngx.req.get_headers(), {}, {}
  for name in pairs(received) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local values = received[name]
    if type(values) ~= "table" then values = { values } end
    for _, value in ipairs(values) do lines[#lines + 1] = line(name, value) end
  end
  return lines
end

function answer.say()
  ngx.header["Server"] = "echoserver"
  local text = table.concat({
    "", "", "Hostname: " .. (os.getenv("HOSTNAME") or "N/A"),
    "", "Pod Information:", table.concat(pod(), "\\n"),
    "", "Server values:", line("server_version", "nginx: " .. ngx.var.nginx_version .. " - lua: " .. ngx.config.ngx_lua_version),
    "", "Request Information:", table.concat(request(), "\\n"),
    "", "Request Headers:", table.concat(headers(), "\\n"),
    "", "Request Body:", ngx.var.request_body or "\\t-no body in request-", "",
  }, "\\n")
  ngx.say(text)
end

return answer
`;

export const echoserver: Recipe = {
  name: 'echoserver',
  repositories: [
    'k8s.gcr.io/echoserver',
    'registry.k8s.io/echoserver',
    'gcr.io/google_containers/echoserver',
    'gcr.io/google-containers/echoserver',
    ...testRepositories('echoserver'),
  ],
  revision: 1,
  packages: [basePackages, nginxPackages, ['libnginx-mod-http-lua', 'openssl']],
  files: () => [
    ...debianFiles([nginxUser]),
    ...nginxFolders(),
    { path: 'etc/nginx/nginx.conf', content: configuration },
    { path: 'etc/nginx/modules', link: '/usr/lib/nginx/modules' },
    { path: 'usr/local/share/lua' },
    { path: 'usr/local/share/lua/5.1' },
    { path: 'usr/local/share/lua/5.1/answer.lua', content: answer },
    { path: 'usr/local/bin/run.sh', content: run, mode: 0o755 },
  ],
  config: {
    ExposedPorts: { '8080/tcp': {}, '8443/tcp': {} },
    Env: [defaultPath],
    Entrypoint: ['/usr/local/bin/run.sh'],
    WorkingDir: '/',
  },
};
