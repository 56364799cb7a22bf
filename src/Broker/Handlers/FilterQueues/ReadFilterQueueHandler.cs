using System.Buffers;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.FilterQueues;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Store.LightQueues;

namespace ProtoBridgeMQ.Broker.Handlers.FilterQueues;

/// <summary>READ_FILTER_QUEUE (700005): records of the queue of a topic filter, at once and whatever there is.</summary>
internal sealed class ReadFilterQueueHandler(BrokerCore core) : IRequestHandler
{
    private const int MostKept = 1 << 20;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _records;

    public ValueTask HandleAsync(RemotingRequest request)
    {
        ReadFilterQueueRequestHeader header = ReadFilterQueueRequestHeader.Read(request.Fields);
        if (header.Offset < 0 || header.MaxMessages < 1 || header.MaxBytes < 1)
        {
            request.Reply(ResponseCode.InvalidParameter, "offset is at least 0, maxMessages and maxBytes are at least 1");
            return default;
        }

        ArrayBufferWriter<byte> records = _records ??= new ArrayBufferWriter<byte>(64 << 10);
        try
        {
            var read = new FilterQueueRead(
                request.Body.ToArray(), header.Offset, Math.Min(header.MaxMessages, core.Options.MaxPullMessages), Math.Min(header.MaxBytes, core.Options.MaxPullBytes));
            if (core.FilterQueues.Read(read, new Sink(core, records), out FilterQueueReading reading))
            {
                request.Reply(ResponseCode.Success, new ReadFilterQueueResponseHeader { NextOffset = reading.NextOffset, Missing = reading.Missing }, records.WrittenMemory);
            }
            else
            {
                FilterQueueAnswers.Refuse(request, LightQueueStatus.NotFound);
            }
        }
        catch (IOException damaged)
        {
            request.Reply(ResponseCode.SystemError, $"the queue of the filter cannot be read: {damaged.Message}");
        }
        finally
        {
            if (records.Capacity > MostKept)
            {
                _records = null;
            }

            records.ResetWrittenCount();
        }

        return default;
    }

    private sealed class Sink(BrokerCore core, ArrayBufferWriter<byte> records) : IRecordSink
    {
        public bool Accept(long queueOffset, long physicalOffset, ReadOnlySpan<byte> record)
        {
            // Messages of topics that were deleted are read by nobody.
            if (MessageRecord.TryRead(record, out MessageRecord message) == RecordError.None && core.Topics.Find(message.Topic) is not null)
            {
                records.Write(record);
            }

            return true;
        }
    }
}
