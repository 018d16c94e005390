-- A job's events from one seq on, as one text: a client takes long over thousands of small replies.
--
-- KEYS: the job's hash, its stream. ARGV: that seq, how many at most.
-- Returns nil where the log does not know the job; else epoch, the last seq, and the events, each on a line of its
-- own (JSON text has no line breaks), behind its seq.

local head = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
if not head[1] or not head[2] then return nil end
local lines = {}
for n, entry in ipairs(redis.call('XRANGE', KEYS[2], '0-' .. ARGV[1], '+', 'COUNT', ARGV[2])) do
  lines[n] = string.sub(entry[1], 3) .. entry[2][2]
end
return {tonumber(head[1]), tonumber(head[2]), table.concat(lines, '\n')}
