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

    public IMessageBridge Bridge
    {
        get => _bridge ?? throw new InvalidOperationException("The bridge is not open yet.");
        set => _bridge = value;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (isOwned && _bridge is not null)
            await _bridge.DisposeAsync();
    }
}
