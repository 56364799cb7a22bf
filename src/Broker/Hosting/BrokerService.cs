using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Registration;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Hosting;

/// <summary>Opens the broker before servers listen, registers it when they do, and leaves before they stop.</summary>
internal sealed class BrokerService(BrokerCore core, IHostApplicationLifetime lifetime, TimeProvider time, ILoggerFactory loggers) : IHostedLifecycleService, IAsyncDisposable
{
    private readonly RemotingClient _client = new(
        // The links to name servers have a back-off of their own.
        new RemotingClientOptions { MinBackOff = TimeSpan.FromMilliseconds(50), MaxBackOff = TimeSpan.FromMilliseconds(50) }, time, loggers.CreateLogger<RemotingClient>());

    private NameServerRegistration? _registration;
    private CancellationTokenRegistration _started;
    private bool _disposed;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _registration = new NameServerRegistration(core, _client, time, loggers.CreateLogger<NameServerRegistration>());
        _started = lifetime.ApplicationStarted.Register(_registration.Start);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Before any server of this process stops listening: the name server may be one of them.
    public Task StoppingAsync(CancellationToken cancellationToken) => _registration is null ? Task.CompletedTask : _registration.DisposeAsync().AsTask();

    public Task StopAsync(CancellationToken cancellationToken) => DisposeAsync().AsTask();

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _started.DisposeAsync();
        if (_registration is not null)
        {
            await _registration.DisposeAsync();
        }

        await _client.DisposeAsync();
        await core.DisposeAsync();
    }
}
