using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Exchanges;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;
using ProtoBridgeMQ.Gateway.Mqtt.Shared;
using ProtoBridgeMQ.Gateway.Mqtt.Wills;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>
/// One network connection over any duplex pipe: a reader that cuts packets and hands them to handlers, and a
/// <see cref="ConnectionWriter"/>. Whoever closes it says why; only the first reason counts.
/// </summary>
public sealed class MqttConnection : IDeliveryOverflow, IDisposable
{
    private readonly IDuplexPipe _transport;
    private readonly Action _abort;
    private readonly PacketHandlers _handlers;
    private readonly ConnectionWriter _writer;
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _aborted;
    private int _answeringThread;
    private bool _answered;
    private bool _wasTold;

    /// <summary>Makes a connection.</summary>
    /// <param name="front">What all connections share.</param>
    /// <param name="handlers">Where packets go.</param>
    /// <param name="transport">Bytes in and out.</param>
    /// <param name="name">For logs.</param>
    /// <param name="remote">The peer, when there is one.</param>
    /// <param name="abort">Breaks the network connection at once.</param>
    /// <param name="certificate">The client's certificate, when TLS has checked one.</param>
    public MqttConnection(MqttShared front, PacketHandlers handlers, IDuplexPipe transport, string name, EndPoint? remote, Action abort, X509Certificate2? certificate = null)
    {
        Shared = front;
        Name = name;
        Remote = remote as IPEndPoint;
        Since = front.Clock.GetUtcNow();
        Deadlines = new ConnectionDeadlines(front.Clock, front.Options);
        Access = new ClientAccess(front, Remote, certificate);
        _transport = transport;
        _abort = abort;
        _handlers = handlers;
        _writer = new ConnectionWriter(this, transport.Output);
        Publishes = new PublishPipeline(front.Options, front.Slots, _writer.Wake, defect => MqttLog.Defect(front.Logger, defect));
    }

    public MqttShared Shared { get; }

    public string Name { get; }

    public IPEndPoint? Remote { get; }

    /// <summary>When it was opened.</summary>
    public DateTimeOffset Since { get; }

    public ConnectionDeadlines Deadlines { get; }

    /// <summary>What the client is allowed.</summary>
    public ClientAccess Access { get; }

    /// <summary>PUBLISHes on their way to the log.</summary>
    public PublishPipeline Publishes { get; }

    /// <summary>QoS 2 exchanges in which this server receives.</summary>
    public InboundExchanges Inbound { get; } = new();

    /// <summary>Keeps them; null when the session ends with its connection.</summary>
    public KeptExchanges? Exchanges { get; private set; }

    /// <summary>What the end of the connection means for its will.</summary>
    public WillFate WillFate { get; set; }

    /// <summary>The claim to its client identifier among the gateways of a cluster.</summary>
    public SessionClaim? Claim { get; set; }

    /// <summary>Answers that wait for the writer.</summary>
    public ControlOutput Control { get; } = new();

    /// <summary>From the accepted CONNECT on.</summary>
    public MqttSession? Session { get; private set; }

    /// <summary>Activities of deliveries on their way; null until a delivery came with a trace.</summary>
    public DeliveryActivities? Traces { get; set; }

    /// <summary>Shared subscriptions; null until there is one.</summary>
    public ConnectionShares? Shares { get; set; }

    /// <summary>Cancelled when the connection ends.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>Place in the connection table; for the table alone.</summary>
    public int TableIndex { get; set; }

    /// <summary>The client identifier that it has in the connection table; for the table alone.</summary>
    public string? ClaimedClientId { get; set; }

    /// <summary>Who had the client identifier here when this one came, and has not ended; null for nobody.</summary>
    public MqttConnection? Before { get; set; }

    /// <summary>Completes when it has ended and what it had of the session is saved, also by those who had its client identifier before.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Whether somebody closed it.</summary>
    public bool IsClosing { get; private set; }

    private string? ClientId => Session?.ClientId;

    private ProtocolVersion Version => Session?.Version ?? ProtocolVersion.None;

    /// <summary>Makes the session; CONNACK was not yet sent.</summary>
    public MqttSession Begin(string clientId, ClientLimits limits, int keepAliveSeconds, PersistentSession? kept, KeptWill? will)
    {
        int window = Math.Min(limits.ReceiveMaximum, Shared.Options.DeliveryWindow);
        IPacketIds ids = kept is null ? new PacketIdWindow(window) : kept.OpenFlight(window);
        Session = new MqttSession(clientId, limits, ids, Shared.Options, this, _writer.Wake) { Kept = kept, Access = Access, Will = will };
        Exchanges = kept is null ? null : new KeptExchanges(this, kept, Shared.Exchanges);
        Deadlines.Connected(keepAliveSeconds);
        Session.KeepAliveSeconds = keepAliveSeconds;
        return Session;
    }

    /// <summary>Sends an answer; many together leave in one flush. One that the client does not take closes the connection.</summary>
    public void Send<T>(in T packet, ProtocolVersion version)
        where T : IPacket
    {
        // [MQTT-3.1.2-24]: what can be left out of an answer was left out already.
        if (Session is { } session && PacketEncoder.GetSize(packet, version) > session.Limits.MaximumPacketSize)
        {
            Close(new ProtocolError(ReasonCode.PacketTooLarge, "an answer is larger than the largest packet that the client takes"));
            return;
        }

        if (!Control.TryAdd(packet, version))
            return;
        Shared.Metrics.PacketOut(packet.Type);
        if (Volatile.Read(ref _answeringThread) == Environment.CurrentManagedThreadId)
            _answered = true;
        else
            _writer.Wake();
    }

    /// <summary>There may be something to write.</summary>
    public void WakeWriter() => _writer.Wake();

    /// <summary>The server stops.</summary>
    public void CloseForShutdown()
    {
        if (WillFate == WillFate.Publish)
            WillFate = WillFate.Defer;
        ReasonCode reason = Shared.Options.ServerReference.Length > 0 ? ReasonCode.UseAnotherServer : ReasonCode.ServerShuttingDown;
        Close(new ProtocolError(reason, "the server is shutting down"));
    }

    /// <summary>Closes for a reason: an MQTT 5 client is told by DISCONNECT [MQTT-3.14.0-1], others just lose the connection.</summary>
    /// <returns>False when it is closing already.</returns>
    public bool Close(ProtocolError why)
    {
        ReasonPacket? last = Version == ProtocolVersion.Mqtt5 ? DisconnectFor(why) : null;
        if (!Control.TryClose(last, Version))
            return false;
        if (last is not null)
            Shared.Metrics.PacketOut(PacketType.Disconnect);
        _wasTold = last is not null;
        Shared.Metrics.Closed(why.Reason);
        MqttLog.Closed(Shared.Logger, Name, ClientId, why.Reason, why.Text);
        if (why.Reason is not (ReasonCode.ServerShuttingDown or ReasonCode.UseAnotherServer or ReasonCode.SessionTakenOver or ReasonCode.AdministrativeAction))
            Shared.Refusals?.Add("mqtt", "connection", ClientId, Remote, string.Empty, why.Text);
        EndReading();
        return true;
    }

    /// <summary>Closes without a word: the client said goodbye, or was refused by CONNACK.</summary>
    public void CloseQuietly()
    {
        if (Control.TryClose<ReasonPacket>(null, Version))
            EndReading();
    }

    /// <summary>Compares deadlines with the clock; called by one timer for all connections.</summary>
    public void CheckDeadlines(long now)
    {
        if (Access.Rights is { IsExpired: true })
            Close(new ProtocolError(ReasonCode.NotAuthorized, "the token that the client came with has expired"));
        switch (Deadlines.Check(now))
        {
            case Expired.Connect:
                if (Close(new ProtocolError(ReasonCode.ServerBusy, "no CONNECT in time")))
                    Shared.Metrics.RefusedConnect("timeout");
                break;
            case Expired.KeepAlive:
                // [MQTT-3.1.2-22]
                Close(new ProtocolError(ReasonCode.KeepAliveTimeout, "no packet within one and a half keep-alive intervals"));
                break;
            case Expired.Write:
                Close(new ProtocolError(ReasonCode.QuotaExceeded, "the client does not read what is sent to it"));
                Abort();
                break;
            default:
                break;
        }
    }

    /// <inheritdoc/>
    public void OnFull(byte qos)
    {
        if (qos == 0)
        {
            Shared.Metrics.Dropped("queue-full");
            return;
        }

        Shared.Metrics.Dropped("slow-client");
        Close(new ProtocolError(ReasonCode.QuotaExceeded, "the queue of messages for this client is full"));
    }

    /// <summary>Runs until the connection has ended.</summary>
    public async Task RunAsync()
    {
        Task writing = _writer.RunAsync();
        await ReadAsync().ConfigureAwait(false);
        CloseQuietly();
        if (Shares is { } shares)
            await shares.CloseAsync().ConfigureAwait(false);
        _writer.Wake();
        await writing.ConfigureAwait(false);
        Traces?.Close();
        bool lingers = _wasTold && Shared.Options.DisconnectLinger > TimeSpan.Zero && Volatile.Read(ref _aborted) == 0;
        if (!lingers)
            await CompleteAsync().ConfigureAwait(false);
        try
        {
            await EndSessionAsync().ConfigureAwait(false);
        }
        finally
        {
            if (Claim is { } claim)
                Shared.Claims.End(claim);
            await BeforeEndedAsync().ConfigureAwait(false);
            _ended.TrySetResult();
            if (lingers)
            {
                await LingerAsync().ConfigureAwait(false);
                await CompleteAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Breaks the network connection.</summary>
    public void Abort()
    {
        if (Interlocked.Exchange(ref _aborted, 1) == 0)
        {
            _transport.Output.CancelPendingFlush();
            _abort();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Exchanges?.Dispose();
        _ending.Dispose();
    }

    private ReasonPacket DisconnectFor(ProtocolError why)
    {
        PropertyBlockWriter properties = new PropertyBlockWriter().Add(PropertyId.ReasonString, why.Text);
        if (why.Reason == ReasonCode.UseAnotherServer)
            properties.Add(PropertyId.ServerReference, Shared.Options.ServerReference);
        var packet = new ReasonPacket { Type = PacketType.Disconnect, Reason = why.Reason, Properties = properties.Block };
        // [MQTT-3.14.2-3]
        return PacketEncoder.GetSize(packet, ProtocolVersion.Mqtt5) <= Session!.Limits.MaximumPacketSize
            ? packet
            : new ReasonPacket { Type = PacketType.Disconnect, Reason = why.Reason };
    }

    private void EndReading()
    {
        IsClosing = true;
        Publishes.Close();
        _ending.Cancel();
        _writer.Wake();
        _transport.Input.CancelPendingRead();
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever one connection throws ends that connection and no other.")]
    private async Task ReadAsync()
    {
        try
        {
            using var scratch = new FrameScratch();
            while (!IsClosing)
            {
                ReadResult result = await _transport.Input.ReadAsync().ConfigureAwait(false);
                ReadOnlySequence<byte> buffer = result.Buffer;
                if (!IsClosing && !buffer.IsEmpty)
                {
                    long length = buffer.Length;
                    buffer = buffer.Slice(await HandleAsync(buffer, scratch).ConfigureAwait(false));
                    Shared.Metrics.BytesIn(length - buffer.Length);
                }

                _transport.Input.AdvanceTo(buffer.Start, buffer.End);
                if (_answered)
                {
                    // The answers to all that came leave from this thread: no hand-over between a CONNECT and its CONNACK.
                    _answered = false;
                    _writer.WriteHere();
                }

                if (result.IsCompleted)
                    return;
                if (Control.Length >= ControlOutput.HighWater)
                    await WaitForWriterAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (IsClosing)
        {
            // A handler waited for something when the connection was closed.
        }
        catch (Exception broken) when (broken is IOException or Microsoft.AspNetCore.Connections.ConnectionAbortedException or OperationCanceledException)
        {
            MqttLog.NetworkBroke(Shared.Logger, Name, broken.Message);
        }
        catch (Exception defect)
        {
            MqttLog.Defect(Shared.Logger, defect);
            Close(new ProtocolError(ReasonCode.UnspecifiedError, "internal error"));
        }
    }

    /// <summary>Handles all whole packets and answers where the rest begins.</summary>
    private async ValueTask<SequencePosition> HandleAsync(ReadOnlySequence<byte> buffer, FrameScratch scratch)
    {
        while (!IsClosing)
        {
            int maximum = Session is null ? Math.Min(Shared.Options.MaximumConnectSize, Shared.Options.MaximumPacketSize) : Shared.Options.MaximumPacketSize;
            if (Session is null && Access.Exchange is null && buffer.FirstSpan is [var first, ..] && first != (byte)PacketType.Connect << 4)
            {
                // [MQTT-3.1.0-1], known from the first byte on.
                Shared.Metrics.RefusedConnect("not-connect");
                Close(ProtocolError.Violation("the first packet is not a CONNECT"));
                break;
            }

            CutResult cut = FrameCutter.TryCut(ref buffer, maximum, out Frame frame, out ProtocolError error);
            if (cut == CutResult.NeedMore)
                break;
            if (cut == CutResult.Frame)
            {
                Deadlines.PacketReceived();
                Shared.Metrics.PacketIn(frame.Type);
                error = await HandleAsync(frame, scratch.Join(frame.Body)).ConfigureAwait(false);
            }

            if (error.IsError)
                Close(error);
        }

        return buffer.Start;
    }

    /// <summary>Handles one packet. What a handler answers at once waits for the answers to the packets behind it.</summary>
    private ValueTask<ProtocolError> HandleAsync(Frame frame, ReadOnlyMemory<byte> body)
    {
        Volatile.Write(ref _answeringThread, Environment.CurrentManagedThreadId);
        try
        {
            return Begun(_handlers.HandleAsync(this, frame, body));
        }
        finally
        {
            Volatile.Write(ref _answeringThread, 0);
        }
    }

    /// <summary>What was answered before a handler began to wait does not wait with it.</summary>
    private ValueTask<ProtocolError> Begun(ValueTask<ProtocolError> handling)
    {
        if (_answered && !handling.IsCompleted)
        {
            _answered = false;
            _writer.Wake();
        }

        return handling;
    }

    private async ValueTask CompleteAsync()
    {
        await _transport.Input.CompleteAsync().ConfigureAwait(false);
        await _transport.Output.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>Reads and drops until the client closes, or long enough: closed with bytes unread, the connection would be reset before DISCONNECT is read.</summary>
    private async ValueTask LingerAsync()
    {
        using var enough = new CancellationTokenSource(Shared.Options.DisconnectLinger, Shared.Clock);
        try
        {
            ReadResult result;
            do
            {
                result = await _transport.Input.ReadAsync(enough.Token).ConfigureAwait(false);
                _transport.Input.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted);
        }
        catch (Exception broken) when (broken is IOException or Microsoft.AspNetCore.Connections.ConnectionAbortedException or OperationCanceledException or InvalidOperationException)
        {
            // Told or not, it has ended; or a handler gave up in the middle of what was read.
        }
    }

    /// <summary>One that was taken over while it waited for the one before has not waited to the end; who comes next must not go on before that.</summary>
    private async ValueTask BeforeEndedAsync()
    {
        if (Before is not { Ended.IsCompleted: false } before)
            return;
        before.Abort();
        await before.Ended.ConfigureAwait(false);
        Before = null;
    }

    private async ValueTask WaitForWriterAsync()
    {
        Deadlines.ReaderBusy(true);
        await Control.WaitBelowHighWaterAsync().ConfigureAwait(false);
        Deadlines.ReaderBusy(false);
    }

    private async ValueTask EndSessionAsync()
    {
        if (Session is not { } session)
            return;
        foreach (byte[] filter in session.Subscriptions.Keys)
            Shared.Router.Unsubscribe(filter, session);
        session.RetainedFeed.Close();
        int lost = session.Deliveries.Close();
        if (lost > 0 && session.Kept is null)
            Shared.Metrics.Dropped("session-ended", lost);
        if (Exchanges is { } exchanges)
        {
            // Another gateway looks in the log for what was received: it must be there, or refused.
            if (Shared.Claims.IsShared)
                await PublishAcknowledgement.CompleteAllAsync(this).ConfigureAwait(false);
            await exchanges.CloseAsync().ConfigureAwait(false);
        }

        if (session.Kept is { } kept)
            await Shared.Sessions.CloseAsync(kept).ConfigureAwait(false);
        // The rules may be others than when the will was accepted.
        if (session.Will is { } left && WillFate == WillFate.Publish && !Access.MayLeave(left.Topic.Span))
            WillFate = WillFate.Delete;
        if (session.Will is { } will)
            await Shared.Wills.EndAsync(session.ClientId, will, WillFate, session.Kept?.Record.ExpirySeconds ?? 0).ConfigureAwait(false);
        MqttLog.Disconnected(Shared.Logger, Name, session.ClientId);
    }
}
