-- wrk: GETs of the ConfigMaps object-0 … object-999 in turn. The path up to the name comes from the URL.
local turn = 0
request = function()
  turn = (turn + 1) % 1000
  return wrk.format("GET", wrk.path .. "/object-" .. turn)
end
