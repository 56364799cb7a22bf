using ProtoBridgeMQ.Bridge;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>
/// Holds the bridge between its opening, which needs the store, and the fronts, which need the bridge. As a hosted
/// service it is registered behind the broker and before the fronts: it stops after these and before that.
/// </summary>
/// <param name="isOwned">Whether the host closes it.</param>
internal sealed class OpenBridge(bool isOwned) : IHostedService
{
    private IMessageBridge? _bridge;
    private int _stopped;

    public IMessageBridge Bridge
    {
        get => _bridge ?? throw new InvalidOperationException("The bridge is not open yet.");
        set => _bridge = value;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // A host may be stopped, and then disposed, which stops it again.
        if (isOwned && _bridge is not null && Interlocked.Exchange(ref _stopped, 1) == 0)
            await _bridge.DisposeAsync();
    }
}
