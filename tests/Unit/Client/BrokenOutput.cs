using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>A connection whose sending side broke.</summary>
public sealed class BrokenOutput
{
    [Fact]
    public async Task A_reset_that_is_noticed_by_the_next_flush_ends_the_connection_and_not_the_process()
    {
        var input = new Pipe();
        var output = new Pipe();
        var connection = new RemotingConnection(new Ends(input.Reader, output.Writer), new RequestRoutes(), new RemotingOptions(), TimeProvider.System, NullLogger.Instance);
        Task running = connection.RunAsync();
        // As the loop that sends to the socket ends when the peer resets the connection.
        await output.Reader.CompleteAsync(new IOException("Connection reset by peer"));
        connection.TrySendOneWay(RequestCode.Heartbeat, default(NoFields));
        await running.Within("the connection ended");
        Assert.Contains("reset", connection.AbortReason, StringComparison.Ordinal);
    }

    private sealed class Ends(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
