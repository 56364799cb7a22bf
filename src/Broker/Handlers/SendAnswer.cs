using System.Runtime.CompilerServices;
using System.Text;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>
/// The header of a send's answer, written from the outcome as it is: no text is made for the message id, nor for the
/// producer's unique key that is repeated as the transaction id.
/// </summary>
internal readonly struct SendAnswer(in SendOutcome outcome, HostAddress storeHost, in ShortText uniqueKey, string? recallHandle = null) : IHeaderWriter
{
    private readonly SendOutcome _outcome = outcome;
    private readonly ShortText _uniqueKey = uniqueKey;

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.BeginFastPart();
        if (_outcome.BatchOffsets is { } offsets)
        {
            fields.Add("msgId"u8, BatchIds(offsets));
        }
        else
        {
            Span<byte> id = stackalloc byte[OffsetMessageId.MaxLength];
            fields.AddUtf8("msgId"u8, id[..OffsetMessageId.Write(id, storeHost, _outcome.PhysicalOffset)]);
        }

        fields.Add("queueId"u8, (long)_outcome.QueueId);
        fields.Add("queueOffset"u8, _outcome.QueueOffset);
        if (_uniqueKey.Length > 0)
        {
            fields.AddUtf8("transactionId"u8, _uniqueKey.Span);
        }

        if (recallHandle is not null)
        {
            fields.Add("recallHandle"u8, recallHandle);
        }

        fields.EndFastPart();
    }

    private string BatchIds(long[] offsets)
    {
        var ids = new StringBuilder(offsets.Length * (OffsetMessageId.MaxLength + 1));
        foreach (long offset in offsets)
        {
            ids.Append(ids.Length == 0 ? string.Empty : ",").Append(OffsetMessageId.Format(storeHost, offset));
        }

        return ids.ToString();
    }
}

/// <summary>A few bytes kept by value: the unique key outlives the request it was borrowed from.</summary>
internal struct ShortText
{
    private Bytes _bytes;

    /// <summary>Keeps a text; longer ones are left out.</summary>
    public ShortText(ReadOnlySpan<byte> text)
    {
        if (text.Length <= Bytes.Capacity)
        {
            text.CopyTo(_bytes);
            Length = text.Length;
        }
    }

    /// <summary>How many bytes.</summary>
    public int Length { get; }

    /// <summary>The bytes.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> Span => ((ReadOnlySpan<byte>)_bytes)[..Length];

    [InlineArray(Capacity)]
    private struct Bytes
    {
        public const int Capacity = 64;

        private byte _first;
    }
}
