-- The one writer of job streams. Assigns the dense seq, folds into the hash, refuses what must not be written.
--
-- KEYS  1 the job's hash   2 its stream   3 dirty set   4 running hash   5 epoch   6 set of parents whose children moved
--       7 the mark that somebody follows the job: the channel on which to tell him, or "1" where the caller has to
-- ARGV  1 the request as msgpack:
--   op       "append" | "start" | "cancel" | "orphan" | "children"
--   id, time the job's id; ISO time of the events
--   attempt  the attempt that writes; 0: written outside of attempts (launch, watch, cancel), never fenced
--   writer, n  who writes, and the number of its first event; a number already seen is a duplicate
--   create   whether a job that the log does not know may come into being
--   late     whether lines are written of a job that has ended
--   private  fields of the hash that no event bears, set when the job comes into being
--   base     event to begin a new job with (start)
--   events   what to append; each {kind, to, from, set: [[field, JSON, kept as file?]…], lines: JSON}; `to` is the state
--            that it brings, `from` the list of those in which it may be written, empty: in any
--   cancelled, asked  what to append instead where the job is (to be) cancelled (start, cancel)
--            A start without base, cancelled and lost is "untold", and nothing is written, where one of them is needed.
--   lease    start: the lease of the worker that starts the attempt; append: of the worker that tells how an attempt
--            of its own ended, refused where the attempt is no longer its; orphan: of the worker that is gone
--   pid, token, retries  start: the process that runs the attempt, the name of this very call, how often Celery has
--            retried
--   rerun    start: whether the job may start again once its worker or its process is dead
--   orphaned start: the attempt that the caller has seen to be dead, 0 for none
--   lost     start, orphan: what to append where the job may not start (once more)
--   again    orphan: what to append where the job waits to be started again; absent where nobody has its message
-- Returns {status, epoch, seq, attempt, cancel, first seq written or 0, time of the event before it,
--          0 where nobody follows the job, 1 where somebody does, 2 where he has been told, bodies…}
--
-- Values are never decoded here: cjson would turn [] into {} and large integers into floats.
-- A job's state counts in its parent's hash (`c:STATE`): what a parent shows of its children costs nothing more than that,
-- however many they are. The jobs of a batch (`batch` in its hash: how many) count as queued before they are known.
local hash, stream, dirty, running, parents = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[6]
local req = cmsgpack.unpack(ARGV[1])
local LONG, FULL, MOST_STARTS, TOLD_BYTES = 8192, 50000, 3, 16384
local FINAL = {['"succeeded"'] = true, ['"failed"'] = true, ['"cancelled"'] = true, ['"lost"'] = true}

local epoch = redis.call('GET', KEYS[5])
if not epoch then return {'noepoch', 0, 0, 0, '', 0, '', 0} end

local head = redis.call('HMGET', hash, 'epoch', 'seq', 'attempt', 'f:state', 'f:cancel', 'w:' .. req.writer,
                        'long', 'kept', 'lease', 'token', 'retries', 'deaths', 'fence', 'at', 'f:parent')
local known = head[1]
local seq, attempt = tonumber(head[2] or 0), tonumber(head[3] or 0)
local state, cancel = head[4], head[5]
local seen = tonumber(head[6] or 0)
local long, kept, lease = head[7], head[8], head[9] or ''
local deaths, fence = tonumber(head[12] or 0), tonumber(head[13] or 0)
local before, first, bodies = head[14] or '', 0, {}
local parent = head[15]

-- The message of broadcast.events_message, as channels-redis writes it.
local function tell()
  local channel = first > 0 and redis.call('GET', KEYS[7])
  if not channel then return 0 end
  if channel == '1' then return 1 end
  local size, events = 0, {}
  for n, body in ipairs(bodies) do
    size = size + #body
    events[n] = {first + n - 1, body}
  end
  if size > TOLD_BYTES then events = {} end
  local message = {type = 'job.events', job = req.id, epoch = tonumber(known), before = before, events = events}
  redis.call('PUBLISH', channel, cmsgpack.pack(message))
  return 2
end

local function reply(status)
  local out = {status, tonumber(known or epoch), seq, attempt, cancel or '', first, before, tell()}
  for _, body in ipairs(bodies) do out[#out + 1] = body end
  return out
end

-- A list of names, kept as JSON text without cjson (which cannot write an empty list).
local function with(list, name, present)
  local names, found = {}, false
  for had in string.gmatch(list, '"([^"]*)"') do
    if had ~= name then names[#names + 1] = '"' .. had .. '"' end
  end
  if present then names[#names + 1] = '"' .. name .. '"' end
  table.sort(names)
  return '[' .. table.concat(names, ',') .. ']'
end

local function bare(text) return string.sub(text, 2, -2) end  -- of JSON text without escapes

local function count(was, now)
  if not parent or parent == 'null' then return end
  local key = string.sub(hash, 1, #hash - #req.id) .. bare(parent)
  local theirs = redis.call('HMGET', key, 'epoch', 'batch')
  if not theirs[1] then return end
  if not was and theirs[2] then was = '"queued"' end
  if was == now then return end
  if was then redis.call('HINCRBY', key, 'c:' .. bare(was), -1) end
  redis.call('HINCRBY', key, 'c:' .. bare(now), 1)
  redis.call('SADD', parents, bare(parent))
end

local function write(event, only_lines)
  local parts, fields = {}, {}
  local was_long, was = long, state
  if not only_lines then
    for _, pair in ipairs(event.set) do
      local name, text, as_file = pair[1], pair[2], pair[3]
      parts[#parts + 1] = '"' .. name .. '":' .. text
      fields[#fields + 1] = 'f:' .. name
      fields[#fields + 1] = text
      local too_long = as_file or #text > LONG
      if too_long or long then
        long = with(long or '[]', name, too_long)
        kept = with(kept or '[]', name, as_file)
      end
      if name == 'state' then state = text
      elseif name == 'cancel' then cancel = text
      elseif name == 'parent' then parent = text end
    end
    if state and state ~= was then count(was, state) end
  end
  local body = '"time":"' .. req.time .. '","kind":"' .. (only_lines and 'log' or event.kind) .. '"'
  if long ~= was_long then
    parts[#parts + 1] = '"truncated":' .. long
    body = body .. ',"kept":' .. kept
    fields[#fields + 1] = 'long'; fields[#fields + 1] = long
    fields[#fields + 1] = 'kept'; fields[#fields + 1] = kept
  end
  if #parts > 0 then body = body .. ',"set":{' .. table.concat(parts, ',') .. '}' end
  if event.lines ~= '' then body = body .. ',"lines":' .. event.lines end
  body = '{' .. body .. '}'
  seq = seq + 1
  if first == 0 then first = seq end
  bodies[#bodies + 1] = body
  redis.call('XADD', stream, '0-' .. string.format('%d', seq), 'e', body)
  fields[#fields + 1] = 'seq'; fields[#fields + 1] = string.format('%d', seq)
  fields[#fields + 1] = 'at'; fields[#fields + 1] = req.time
  redis.call('HSET', hash, unpack(fields))
  if not only_lines and event.to ~= '' then
    if event.to == 'started' then
      redis.call('HSET', running, req.id, req.lease)
    else
      redis.call('HDEL', running, req.id)
    end
  end
end

local function finish(status)
  if first > 0 then redis.call('SADD', dirty, req.id) end
  return reply(status)
end

local function create()
  known = epoch
  redis.call('HSET', hash, 'epoch', epoch, 'seq', '0', 'attempt', tostring(attempt))
  for name, value in pairs(req.private) do redis.call('HSET', hash, name, value) end
end

if req.op == 'start' then
  if not known then
    if not req.base then return reply('untold') end
    create()
    write(req.base)
  end
  if state == '"cancelled"' then return finish('cancelled') end
  if FINAL[state] then return finish('duplicate') end
  -- Celery sends the message of a retry before it says so: that message may be here before the state "retrying".
  local is_next = not head[11] or req.retries > tonumber(head[11])
  if state == '"started"' then
    if head[10] == req.token then return finish('started') end  -- the answer to this very call was lost
    if not is_next then
      local dead = redis.call('EXISTS', lease) == 0 or req.orphaned == attempt
      if not (req.rerun and dead) then return finish('duplicate') end
      deaths = deaths + 1
      if deaths >= MOST_STARTS then
        if not req.lost then return reply('untold') end
        write(req.lost)
        return finish('lost')
      end
    end
  elseif state == '"retrying"' and not is_next then
    return finish('duplicate')
  end
  if cancel == '"asked"' or cancel == '"seen"' then
    if not req.cancelled then return reply('untold') end
    write(req.cancelled)
    return finish('cancelled')
  end
  attempt = attempt + 1
  redis.call('HSET', hash, 'attempt', attempt, 'deaths', deaths, 'lease', req.lease, 'token', req.token, 'retries', req.retries,
             'pid', req.pid, 'rerun', req.rerun and 1 or 0)
  for _, event in ipairs(req.events) do
    event.set[#event.set + 1] = {'attempt', string.format('%d', attempt), false}
    write(event)
  end
  return finish('started')
end

if req.op == 'cancel' then
  if not known then return reply('absent') end
  if FINAL[state] then return reply('final') end
  if state == '"started"' then
    if not cancel or cancel == 'null' then write(req.asked) end
  else
    write(req.cancelled)
  end
  return finish('ok')
end

if req.op == 'orphan' then
  if state ~= '"started"' or lease ~= req.lease or attempt ~= req.attempt then return reply('moved') end
  deaths = deaths + 1
  if not req.again or deaths >= MOST_STARTS then
    write(req.lost)
    return finish('lost')
  end
  -- What the dead attempt may still say, if it was only frozen, is refused from now on.
  redis.call('HSET', hash, 'deaths', deaths, 'fence', attempt, 'lease', '')
  write(req.again)
  return finish('again')
end

if req.op == 'children' then
  redis.call('SREM', parents, req.id)
  if not known then return reply('absent') end
  local counts, ended, all = {}, 0, redis.call('HMGET', hash, 'f:children', 'batch')
  for _, name in ipairs(req.states) do
    local number = tonumber(redis.call('HGET', hash, 'c:' .. name) or 0)
    if number > 0 then counts[#counts + 1] = '"' .. name .. '":' .. string.format('%d', number) end
    if FINAL['"' .. name .. '"'] then ended = ended + number end
  end
  local text = '{' .. table.concat(counts, ',') .. '}'
  if text == all[1] then return reply('ok') end
  local set = {{'children', text, false}}
  if all[2] then
    local done = '{"current":' .. string.format('%d', ended) .. ',"total":' .. all[2] .. ',"description":"","steps":[]}'
    set[2] = {'progress', done, false}
  end
  write({kind = 'child', to = '', set = set, lines = ''})
  return finish('ok')
end

-- append
if not known then
  if not req.create then return reply('absent') end
  create()
elseif req.create and req.attempt == 0 and attempt > 0 then
  return reply('refused')  -- announced late: a retrying job would be what it was before its first attempt
end
if req.attempt > 0 and (req.attempt < attempt or req.attempt <= fence) then return reply('fenced') end
if req.lease ~= '' and attempt > 0 and req.lease ~= lease then return reply('fenced') end
local status, number = 'ok', req.n - 1
for _, event in ipairs(req.events) do
  number = number + 1
  if number > seen then
    if FINAL[state] then
      status = 'final'
      if event.lines ~= '' and req.late then write(event, true) end
    elseif event.from ~= '' and state and not string.find(event.from, state, 1, true) then
      status = 'refused'
    elseif event.kind ~= 'progress' or redis.call('XLEN', stream) < FULL then
      write(event)
    end
  end
end
if number > seen then redis.call('HSET', hash, 'w:' .. req.writer, number) end
return finish(status)
