using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Gateway.Mqtt.Routing;

/// <summary>
/// The one stream that the front reads from its bridge. It is opened with the first subscription, selects what
/// subscriptions need, and is opened again after it broke.
/// </summary>
/// <remarks>Covering may be asked for by many; one receives.</remarks>
public sealed class TailStream : IAsyncDisposable
{
    private readonly IMessageBridge _bridge;
    private readonly TopicSelectionCount _needed;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly Session.AsyncSignal _opened = new();
    private IMessageStream? _stream;
    private TopicSelection _selected = TopicSelection.None;
    private bool _shrink;

    public TailStream(IMessageBridge bridge, TopicSelectionCount needed)
    {
        _bridge = bridge;
        _needed = needed;
    }

    /// <summary>
    /// Completes when messages of the topic that are acknowledged from now on will be received. The topic was counted
    /// as needed before. Callers that come together are covered by one call to the bridge.
    /// </summary>
    /// <exception cref="BridgeException">The bridge refused.</exception>
    public async ValueTask CoverAsync(string? topic, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_stream is null)
                await OpenAsync(cancellationToken).ConfigureAwait(false);
            else if (topic is null ? !_selected.IsAll : !_selected.Contains(topic))
                await SelectAsync(_stream, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Topics were counted as needed: a stream that is open reads them when this completes.</summary>
    public async ValueTask CoverAllIfOpenAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_stream is not null)
                await SelectAsync(_stream, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>A topic is needed no more: the next message that nobody needs makes the selection smaller.</summary>
    public void Shrink() => Volatile.Write(ref _shrink, true);

    /// <summary>Receives the next messages; waits for the first subscription, too.</summary>
    public async ValueTask<int> ReceiveAsync(MessageBatch batch, int max, CancellationToken cancellationToken)
    {
        IMessageStream? stream;
        while ((stream = Volatile.Read(ref _stream)) is null)
        {
            using CancellationTokenRegistration stop = cancellationToken.Register(_opened.Set);
            await _opened.WaitAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (Volatile.Read(ref _shrink))
            await ShrinkAsync(stream, cancellationToken).ConfigureAwait(false);
        return await stream.ReceiveAsync(batch, max, Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the stream after it broke. A subscription that comes now opens a new one.</summary>
    public async ValueTask CloseBrokenAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await CloseAsync().ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Opens the stream unless somebody has done it meanwhile.</summary>
    public async ValueTask OpenIfClosedAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_stream is null)
                await OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        _changing.Dispose();
    }

    private async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        TopicSelection selection = _needed.ToSelection();
        var request = new SubscribeRequest { Kind = StreamKind.Tail, Topics = selection, Subscriber = "mqtt" };
        IMessageStream stream = await _bridge.SubscribeAsync(request, cancellationToken).ConfigureAwait(false);
        _selected = selection;
        Volatile.Write(ref _stream, stream);
        _opened.Set();
    }

    private async ValueTask SelectAsync(IMessageStream stream, CancellationToken cancellationToken)
    {
        TopicSelection selection = _needed.ToSelection();
        await stream.SelectAsync(selection, cancellationToken).ConfigureAwait(false);
        _selected = selection;
    }

    private async ValueTask ShrinkAsync(IMessageStream stream, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Volatile.Write(ref _shrink, false);
            await SelectAsync(stream, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    private async ValueTask CloseAsync()
    {
        if (_stream is { } stream)
        {
            // A stream that fails while it is closed is gone all the same.
            Volatile.Write(ref _stream, null);
            _selected = TopicSelection.None;
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }
}
