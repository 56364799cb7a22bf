using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Registration;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Hosting;

/// <summary>Opens the broker before servers listen, registers it when they do, and leaves before they stop.</summary>
internal sealed class BrokerService(BrokerCore core, IHostApplicationLifetime lifetime, TimeProvider time, ILoggerFactory loggers) : IHostedService, IAsyncDisposable
{
    private readonly RemotingClient _client = new(
        new RemotingClientOptions(), time, loggers.CreateLogger<RemotingClient>());

    private NameServerRegistration? _registration;
    private CancellationTokenRegistration _started;
    private bool _disposed;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _registration = new NameServerRegistration(core, _client, time, loggers.CreateLogger<NameServerRegistration>());
        _started = lifetime.ApplicationStarted.Register(_registration.Start);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => DisposeAsync().AsTask();

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
