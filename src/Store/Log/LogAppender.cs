using System.Buffers;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// Writes records at the end of the log. Checks and CRC come first; one short lock then gives offsets and store time and
/// copies into the tail of the log. A segment that has no room is closed with a filler and the next one taken.
/// </summary>
internal sealed class LogAppender
{
    /// <summary>Every segment keeps room for its filler.</summary>
    private const int BlankSize = 8;

    private const int MaxTopic = short.MaxValue;

    /// <summary>A body of this size is not read again under the lock for the record's CRC: its own is folded in.</summary>
    private const int FoldedBody = 256;

    private readonly CommitLog _log;
    private readonly ILogTail _tail;
    private readonly SegmentSource _source;
    private readonly QueueTable _queues;
    private readonly DurabilityGate _gate;
    private readonly StoreHealth _health;
    private readonly StoreOptions _options;
    private readonly TimeProvider _time;
    private readonly HostAddress _storeHost;
    private readonly Lock _lock = new();
    private LogSegment? _active;
    private long _lastTimestamp;
    private long _nextRoll;
    private bool _mustRoll;
    private bool _mustReserve;
    private bool _closed;

    public LogAppender(CommitLog log, ILogTail tail, SegmentSource source, QueueTable queues, DurabilityGate gate, StoreHealth health, StoreOptions options, TimeProvider time, long lastTimestamp, bool mustReserve)
    {
        _log = log;
        _tail = tail;
        _source = source;
        _queues = queues;
        _gate = gate;
        _health = health;
        _options = options;
        _time = time;
        _storeHost = options.StoreHost;
        _lastTimestamp = lastTimestamp;
        _mustReserve = mustReserve;
        _active = log.Active;
        if (_active is null)
            source.Prepare(log.Written);
    }

    public AppendResult Append(in MessageToStore message)
    {
        var status = Check(message, message.Body.Length, message.Properties.Length, out var queue);
        if (status != AppendStatus.Appended)
            return new(status);
        var fields = FieldsOf(message);
        fields.Body = message.Body;
        fields.Properties = message.Properties;
        if (MessageRecordWriter.PropertiesSize(fields) > MessageRecord.MaxProperties)
            return new(AppendStatus.PropertiesTooLarge);
        Sum(ref fields);
        var size = MessageRecordWriter.Size(fields);
        if (size + BlankSize > _log.SegmentSize)
            return new(AppendStatus.MessageTooLarge);
        lock (_lock)
        {
            status = Admit((int)size);
            if (status != AppendStatus.Appended)
                return new(status);
            Place(ref fields, queue!, (int)size);
            MessageRecordWriter.Write(_tail.Room(fields.PhysicalOffset, (int)size), fields);
            return Publish(fields, queue!, (int)size, 1);
        }
    }

    /// <summary>
    /// The first record of a batch gets its size last of all: in a mapped segment a process that dies half way leaves none of
    /// it. What a flush was writing when the process died may be there in part; nobody was told that it is stored.
    /// </summary>
    public AppendResult AppendBatch(in MessageToStore batch)
    {
        if (!MessageSysFlag.TakesQueueOffset(batch.SysFlag))
            return new(AppendStatus.Malformed);
        var status = Check(batch, 0, batch.Properties.Length, out var queue);
        if (status != AppendStatus.Appended)
            return new(status);
        var fields = FieldsOf(batch);
        fields.MoreProperties = batch.Properties;
        var count = BatchBody.Count(batch.Body);
        if (count < 0)
            return new(AppendStatus.Malformed);
        var crcs = ArrayPool<uint>.Shared.Rent(count);
        try
        {
            status = Measure(batch.Body, ref fields, crcs, out var size, out var firstSize);
            if (status != AppendStatus.Appended)
                return new(status);
            lock (_lock)
            {
                status = Admit((int)size);
                return status == AppendStatus.Appended
                    ? WriteBatch(batch.Body, ref fields, queue!, crcs.AsSpan(0, count), (int)size, firstSize)
                    : new(status);
            }
        }
        finally
        {
            ArrayPool<uint>.Shared.Return(crcs);
        }
    }

    /// <summary>Takes no more appends; those in hand are done when this returns.</summary>
    public void Close()
    {
        lock (_lock)
            _closed = true;
    }

    private AppendStatus Check(in MessageToStore message, int bodyLength, int propertiesLength, out ConsumeQueue? queue)
    {
        queue = null;
        if (message.Topic.IsEmpty || message.Topic.Length > MaxTopic || !_queues.IsQueueId(message.QueueId))
            return AppendStatus.Malformed;
        if (bodyLength > _options.MaxBodySize)
            return AppendStatus.MessageTooLarge;
        if (propertiesLength > MessageRecord.MaxProperties)
            return AppendStatus.PropertiesTooLarge;
        queue = _queues.GetOrAdd(message.Topic, message.QueueId);
        return queue is null ? AppendStatus.TooManyQueues : AppendStatus.Appended;
    }

    private AppendStatus Measure(ReadOnlySpan<byte> body, ref MessageRecordFields fields, Span<uint> crcs, out long size, out int firstSize)
    {
        size = 0;
        firstSize = 0;
        var index = 0;
        var reader = BatchBody.Read(body);
        while (reader.MoveNext())
        {
            if (reader.Body.Length > _options.MaxBodySize)
                return AppendStatus.MessageTooLarge;
            fields.Body = reader.Body;
            fields.Properties = reader.Properties;
            if (MessageRecordWriter.PropertiesSize(fields) > MessageRecord.MaxProperties)
                return AppendStatus.PropertiesTooLarge;
            size += MessageRecordWriter.Size(fields);
            if (index == 0)
                firstSize = (int)size;
            crcs[index++] = Crc32.Compute(reader.Body);
        }

        return size + BlankSize > _log.SegmentSize ? AppendStatus.MessageTooLarge : AppendStatus.Appended;
    }

    private AppendResult WriteBatch(ReadOnlySpan<byte> body, ref MessageRecordFields fields, ConsumeQueue queue, ReadOnlySpan<uint> crcs, int size, int firstSize)
    {
        Place(ref fields, queue, size);
        var first = fields.PhysicalOffset;
        var reader = BatchBody.Read(body);
        reader.MoveNext();
        var firstBody = reader.Body;
        var firstProperties = reader.Properties;
        var firstFlag = reader.Flag;
        var at = first + firstSize;
        for (var i = 1; reader.MoveNext(); i++)
        {
            Take(ref fields, reader.Body, reader.Properties, reader.Flag, crcs[i], queue, i, at);
            var recordSize = (int)MessageRecordWriter.Size(fields);
            MessageRecordWriter.Write(_tail.Room(at, recordSize), fields);
            at += recordSize;
        }

        Take(ref fields, firstBody, firstProperties, firstFlag, crcs[0], queue, 0, first);
        MessageRecordWriter.Write(_tail.Room(first, firstSize), fields);
        return Publish(fields, queue, size, crcs.Length);
    }

    private static void Take(ref MessageRecordFields fields, ReadOnlySpan<byte> body, ReadOnlySpan<byte> properties, int flag, uint crc, ConsumeQueue queue, int index, long offset)
    {
        fields.Body = body;
        fields.Properties = properties;
        fields.Flag = flag;
        fields.BodyCrc = (int)crc;
        fields.BodyShift = 0;
        fields.PhysicalOffset = offset;
        fields.QueueOffset = queue.NextOffset + index;
    }

    /// <summary>The CRC of the body, and what it takes to make the record's CRC from it.</summary>
    private static void Sum(ref MessageRecordFields fields)
    {
        fields.BodyCrc = (int)Crc32.Compute(fields.Body);
        fields.BodyShift = fields.WithCrc && fields.Body.Length >= FoldedBody ? Crc32.Shift(fields.Body.Length) : 0;
    }

    private MessageRecordFields FieldsOf(in MessageToStore message) => new()
    {
        QueueId = message.QueueId,
        Flag = message.Flag,
        SysFlag = message.SysFlag,
        BornTimestamp = message.BornTimestamp,
        BornHost = message.BornHost,
        StoreHost = _storeHost,
        ReconsumeTimes = message.ReconsumeTimes,
        PreparedTransactionOffset = message.PreparedTransactionOffset,
        Topic = message.Topic,
        WithCrc = _options.RecordCrc,
    };

    /// <summary>Whether a record may be written now; afterwards the active segment has room for it.</summary>
    private AppendStatus Admit(int size)
    {
        if (_closed)
            return AppendStatus.ShuttingDown;
        var condition = _health.State.Condition;
        if (condition is StoreCondition.ReadOnly or StoreCondition.Stopped)
            return AppendStatus.ReadOnly;
        var written = _log.Written;
        if (written - _gate.Durable > _options.MaxUnflushedBytes)
            return AppendStatus.Busy;
        if (condition == StoreCondition.DiskFull && ((!_mustRoll && !_mustReserve) || _health.IsFullBeside(FullCause.Segment)))
            return AppendStatus.DiskFull;
        if (_mustReserve)
        {
            var reserved = Reserve();
            if (reserved != AppendStatus.Appended)
                return reserved;
        }

        if (_active is { } active && !_mustRoll && size + BlankSize <= active.EndOffset - written)
            return AppendStatus.Appended;
        return Roll(written);
    }

    /// <summary>The active segment was opened on a full disk: nothing may be written where it has no blocks.</summary>
    private AppendStatus Reserve()
    {
        var now = _time.GetTimestamp();
        if (now < _nextRoll)
            return AppendStatus.DiskFull;
        try
        {
            _source.Reserve(_active!);
        }
        catch (DiskFullException error)
        {
            WaitForRoom(now, error);
            return AppendStatus.DiskFull;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _health.Fail("A segment of the commit log could not be reserved", error);
            return AppendStatus.ReadOnly;
        }

        _mustReserve = false;
        _health.HasRoom(FullCause.Segment);
        return AppendStatus.Appended;
    }

    private void WaitForRoom(long now, DiskFullException error)
    {
        _nextRoll = now + (long)(_options.DiskFullRetryInterval.TotalSeconds * _time.TimestampFrequency);
        _health.Full(FullCause.Segment, error.Message);
    }

    private AppendStatus Roll(long written)
    {
        var now = _time.GetTimestamp();
        if (_mustRoll && now < _nextRoll)
            return AppendStatus.DiskFull;
        LogSegment next;
        try
        {
            next = _source.Take(_active?.EndOffset ?? written);
        }
        catch (DiskFullException error)
        {
            _mustRoll = true;
            WaitForRoom(now, error);
            return AppendStatus.DiskFull;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _health.Fail("A segment of the commit log could not be made", error);
            return AppendStatus.ReadOnly;
        }

        if (_active is { } full)
        {
            _tail.Reserve(full, written, BlankSize);
            MessageRecordWriter.WriteBlank(_tail.Room(written, BlankSize), (int)(full.EndOffset - written));
            _tail.Written(full, written + BlankSize);
        }

        _log.Add(next);
        _log.Publish(next.BaseOffset);
        _active = next;
        if (_mustRoll)
            _health.HasRoom(FullCause.Segment);
        _mustRoll = false;
        return AppendStatus.Appended;
    }

    private void Place(ref MessageRecordFields fields, ConsumeQueue queue, int size)
    {
        _lastTimestamp = Math.Max(_lastTimestamp, _time.GetUtcNow().ToUnixTimeMilliseconds());
        fields.StoreTimestamp = _lastTimestamp;
        fields.PhysicalOffset = _log.Written;
        _tail.Reserve(_active!, fields.PhysicalOffset, size);
        fields.QueueOffset = MessageSysFlag.TakesQueueOffset(fields.SysFlag) ? queue.NextOffset : 0;
    }

    private AppendResult Publish(in MessageRecordFields fields, ConsumeQueue queue, int size, int count)
    {
        var end = fields.PhysicalOffset + size;
        if (MessageSysFlag.TakesQueueOffset(fields.SysFlag))
            queue.NextOffset += count;
        _tail.Written(_active!, end);
        _log.Publish(end);
        if (end - _active!.BaseOffset > _active.Size / 2)
            _source.Prepare(_active.EndOffset);
        return new(AppendStatus.Appended, fields.PhysicalOffset, size, fields.QueueOffset, fields.StoreTimestamp, new WrittenOffset(end), count);
    }
}
