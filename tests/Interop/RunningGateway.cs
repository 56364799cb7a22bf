using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop;

/// <summary>One gateway process for the tests of a class, each of which uses topics of its own.</summary>
public sealed class RunningGateway : IAsyncLifetime
{
    private GatewayProcess? _process;

    /// <summary>The process.</summary>
    public GatewayProcess Process => _process ?? throw new InvalidOperationException("The gateway was not started.");

    /// <inheritdoc/>
    public async Task InitializeAsync() => _process = await GatewayProcess.StartAsync();

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }
}
