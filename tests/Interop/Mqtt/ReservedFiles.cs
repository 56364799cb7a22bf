using System.Net;
using System.Net.Sockets;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>A process that may open few files, and more connections than it may have.</summary>
public sealed class ReservedFiles
{
    private const int Files = 1024;
    private const int Reserved = 400;
    private const int NewTopics = 50;

    [FactWhen(Needs.Prlimit)]
    public async Task Connections_that_would_take_the_last_files_are_closed_and_the_log_goes_on()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings
        {
            OpenFiles = Files,
            Configuration = $"{{\"sockets\":{{\"reservedFiles\":{Reserved}}}}}",
        });
        using RawMqtt publisher = await RawMqtt.ConnectAsync(gateway.Ports.Mqtt, "before");
        List<Socket> flood = [];
        try
        {
            for (int i = 0; i < Files; i++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                flood.Add(socket);
                await socket.ConnectAsync(IPAddress.Loopback, gateway.Ports.Mqtt);
            }

            await gateway.LineAsync(line => line.Contains("sockets.reservedFiles", StringComparison.Ordinal), "that files are kept for the log");
            Assert.True(await IsClosedAsync(flood[^1]), "the last connection was not closed");
            // Each has a file of its own in the log's directory.
            for (int i = 0; i < NewTopics; i++)
            {
                await publisher.PublishAsync($"new{i}/a", $"{i}");
            }

            int open = Directory.GetFiles($"/proc/{gateway.Id}/fd").Length;
            Assert.InRange(open, 1, Files - (Reserved / 2));
        }
        finally
        {
            foreach (Socket socket in flood)
            {
                socket.Dispose();
            }
        }

        using RawMqtt after = await ConnectWhenThereIsRoomAsync(gateway.Ports.Mqtt);
        await after.PublishAsync("new0/a", "after");
        Assert.Empty(gateway.Failures);
    }

    private static async Task<bool> IsClosedAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1]).WaitAsync(Waiting.Patience) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static async Task<RawMqtt> ConnectWhenThereIsRoomAsync(int port)
    {
        using var patience = new CancellationTokenSource(Waiting.Patience);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        while (true)
        {
            try
            {
                return await RawMqtt.ConnectAsync(port, "after");
            }
            catch (IOException) when (!patience.IsCancellationRequested)
            {
                // The files of the flood are not free yet.
                await poll.WaitForNextTickAsync(CancellationToken.None);
            }
        }
    }
}
