using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>
/// One PUBLISH on its way to the log. It owns a copy of the payload, because the bridge borrows it until the publish
/// is durable while the connection goes on reading: holding the read buffer instead would stop the connection for
/// a whole group commit. Slots are used again and await without a task or state machine of their own.
/// </summary>
public sealed class PublishSlot
{
    private readonly Action _onCompleted;
    private PublishPipeline? _owner;
    private ValueTaskAwaiter<PublishReceipt> _awaiter;
    private PropertyTextWriter _properties;
    private byte[] _body = [];

    public PublishSlot() => _onCompleted = Complete;

    /// <summary>0: nothing is acknowledged; 1: by PUBACK; 2: by PUBREC.</summary>
    public byte Qos { get; private set; }

    /// <summary>Whether it begins a QoS 2 exchange; one that repeats it is only acknowledged again.</summary>
    public bool BeginsExchange { get; set; }

    /// <summary>Whether its message is stored already, or on its way.</summary>
    public bool IsRepeat { get; private set; }

    /// <summary>0 at QoS 0.</summary>
    public ushort PacketId { get; private set; }

    /// <summary>Bytes that count against the connection's limit.</summary>
    public int Size { get; private set; }

    /// <summary>When it came, as the front's clock counts.</summary>
    public long StartedAt { get; set; }

    /// <summary>Whether the bridge has answered.</summary>
    public bool IsDone { get; private set; }

    /// <summary>What it answered.</summary>
    public ReasonCode Reason { get; private set; }

    /// <summary>Why it refused, for people.</summary>
    public string? ReasonText { get; private set; }

    /// <summary>Whether it is unknown if the message is stored: no broker said that it is not.</summary>
    public bool IsUnknown { get; private set; }

    /// <summary>Where the message's properties are written before <see cref="Start"/>.</summary>
    [SuppressMessage("Design", "CA1045", Justification = "A mutable struct that must not be copied.")]
    public ref PropertyTextWriter Properties => ref _properties;

    /// <summary>The owner says it, under its lock.</summary>
    public void MarkDone() => IsDone = true;

    /// <summary>Makes the slot ready for a PUBLISH.</summary>
    public void Open(PublishPipeline owner, byte qos, ushort packetId, int size)
    {
        _owner = owner;
        Qos = qos;
        PacketId = packetId;
        BeginsExchange = false;
        IsRepeat = false;
        Size = size;
        IsDone = false;
        Reason = ReasonCode.Success;
        ReasonText = null;
        IsUnknown = false;
    }

    /// <summary>Hands the message over. The slot may be done when this returns, or later in any thread.</summary>
    [SuppressMessage("Reliability", "CA2012", Justification = "The awaiter is kept and its result fetched exactly once, in Complete.")]
    public void Start(IMessageBridge bridge, string topic, ReadOnlyMemory<byte> payload, int orderingHash, System.Net.IPEndPoint? bornHost, bool retain = false)
    {
        _body = ArrayPool<byte>.Shared.Rent(Math.Max(1, payload.Length));
        payload.CopyTo(_body);
        var message = new PublishMessage(topic, _body.AsMemory(0, payload.Length), _properties.Written)
        {
            OrderingHash = orderingHash,
            BornHost = bornHost,
            Retain = retain,
        };
        try
        {
            _awaiter = bridge.PublishAsync(message, CancellationToken.None).GetAwaiter();
        }
        catch (BridgeException refusal)
        {
            IsUnknown = refusal.MayHaveHappened;
            Refuse(BridgeErrorMap.ToReason(refusal.Error), refusal.Message);
            return;
        }

        if (_awaiter.IsCompleted)
            Complete();
        else
            _awaiter.UnsafeOnCompleted(_onCompleted);
    }

    /// <summary>Ends the slot: its message needs no storing again.</summary>
    public void Repeat()
    {
        IsRepeat = true;
        Finish();
    }

    /// <summary>Ends the slot without the bridge.</summary>
    public void Refuse(ReasonCode reason, string text)
    {
        Reason = reason;
        ReasonText = text;
        Finish();
    }

    [SuppressMessage("Usage", "VSTHRD002", Justification = "The task is complete: the result is fetched, not waited for.")]
    [SuppressMessage("Design", "CA1031", Justification = "Whatever a bridge throws must not leave the client without an answer; the owner logs it.")]
    private void Complete()
    {
        try
        {
            _awaiter.GetResult();
        }
        catch (BridgeException refusal)
        {
            Reason = BridgeErrorMap.ToReason(refusal.Error);
            ReasonText = refusal.Message;
            IsUnknown = refusal.MayHaveHappened;
        }
        catch (Exception defect)
        {
            Reason = ReasonCode.UnspecifiedError;
            IsUnknown = true;
            _owner?.ReportDefect(defect);
        }

        Finish();
    }

    private void Finish()
    {
        _properties.Dispose();
        if (_body.Length > 0)
            ArrayPool<byte>.Shared.Return(_body);
        _body = [];
        _awaiter = default;
        PublishPipeline? owner = _owner;
        _owner = null;
        owner?.OnDone(this);
    }
}
