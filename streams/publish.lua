#!lua name=holdfast_publish_1
-- Publishes the records of one trial to its read side. Checks all before it writes anything.
--
-- KEYS  1 {trial}:head  2 {trial}:log  3 {trial}:answers  4 {trial}:protocol
-- ARGV  1 trial  2 offset in trial.log through which the publisher knows this trial
--       3 hash of the record before the first one given, or ''
--       then six for each record, in order:
--       sequence, hash, offset, command id, '1' when it adopts a protocol else '0', its bytes
-- With no records it only moves the offset of the head, which must then be at the hash given.
--
-- Returns 'OK' when all of them are there now (written here or before, with the same hashes),
-- 'GAP' when something before them is missing, 'OTHER' when something else stands in their place,
-- 'BROKEN' when head and log do not agree. Whoever is refused recovers; nothing was written.
--
-- {trial}:log is a stream with the ids <sequence>-1 (0-0 is not allowed) and the fields
-- h (hash), o (offset in trial.log), r (the bytes). {trial}:answers: command id -> sequence.
-- {trial}:head is a hash: sequence, hash, offset (of the last record), through.

local function field(entry, name)
  for i = 1, #entry, 2 do
    if entry[i] == name then return entry[i + 1] end
  end
  return nil
end

local function tail_of(log)
  local tail = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)
  if #tail == 0 then return -1, '' end
  return tonumber(string.match(tail[1][1], '^(%d+)-')), field(tail[1][2], 'h')
end

local function publish(keys, args)
  local head, log, answers, protocol = keys[1], keys[2], keys[3], keys[4]
  local through, before = tonumber(args[2]), args[3]

  local tail_sequence, tail_hash = tail_of(log)
  local headed = redis.call('HMGET', head, 'sequence', 'hash', 'through')
  if tonumber(headed[1] or '-1') ~= tail_sequence or (headed[2] or '') ~= tail_hash then
    return 'BROKEN'
  end

  local first_new = nil
  local last_hash = before
  for i = 4, #args, 6 do
    local sequence, hash = tonumber(args[i]), args[i + 1]
    if sequence <= tail_sequence then
      local there = redis.call('XRANGE', log, args[i] .. '-1', args[i] .. '-1')
      if #there == 0 then return 'BROKEN' end
      if field(there[1][2], 'h') ~= hash then return 'OTHER' end
    elseif first_new == nil then
      if sequence ~= tail_sequence + 1 then return 'GAP' end
      if last_hash ~= tail_hash then return 'OTHER' end
      first_new = i
    end
    last_hash = hash
  end
  if #args == 3 and before ~= tail_hash then return 'OTHER' end

  -- What stands there already may have lost its answer: who sends it again brings that back.
  for i = 4, #args, 6 do
    redis.call('HSET', answers, args[i + 3], args[i])
    if args[i + 4] == '1' and tonumber(args[i]) > tonumber(redis.call('GET', protocol) or '-1') then
      redis.call('SET', protocol, args[i])
    end
  end
  if first_new ~= nil then
    for i = first_new, #args, 6 do
      redis.call('XADD', log, args[i] .. '-1', 'h', args[i + 1], 'o', args[i + 2], 'r', args[i + 5])
    end
    local last = #args - 5
    redis.call('HSET', head, 'sequence', args[last], 'hash', args[last + 1], 'offset', args[last + 2])
  end
  if #args > 3 or tail_sequence >= 0 then
    if through > tonumber(headed[3] or '-1') then redis.call('HSET', head, 'through', args[2]) end
  end
  return 'OK'
end

-- Says anew where the last record stands and how far trial.log was read, if that record still is
-- the end of the log. KEYS as above. ARGV: its hash, its offset, the offset read through.
local function place(keys, args)
  local sequence, hash = tail_of(keys[2])
  local headed = redis.call('HMGET', keys[1], 'sequence', 'hash')
  if tonumber(headed[1] or '-1') ~= sequence or (headed[2] or '') ~= hash then return 'BROKEN' end
  if hash ~= args[1] then return 'OTHER' end
  redis.call('HSET', keys[1], 'offset', args[2], 'through', args[3])
  return 'OK'
end

-- Appends records to a log that is being built and that nobody reads yet: `publish` without what
-- guards a log that others see. KEYS  1 log  2 answers.
-- ARGV  1 sequence of the first record, then four for each: hash, offset, command id, its bytes.
-- 'GAP' unless the log ends directly before them; then nothing was written.
local function append(keys, args)
  local log, sequence, answers = keys[1], tonumber(args[1]), {}
  if redis.call('XLEN', log) ~= sequence then return 'GAP' end
  for i = 2, #args, 4 do
    redis.call('XADD', log, sequence .. '-1', 'h', args[i], 'o', args[i + 1], 'r', args[i + 3])
    answers[#answers + 1] = args[i + 2]
    answers[#answers + 1] = sequence
    sequence = sequence + 1
  end
  redis.call('HSET', keys[2], unpack(answers))
  return 'OK'
end

redis.register_function('holdfast_publish_1', publish)
redis.register_function('holdfast_append_1', append)
redis.register_function('holdfast_place_1', place)
