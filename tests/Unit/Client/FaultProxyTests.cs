using System.Net;
using System.Net.Sockets;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Net;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class FaultProxyTests
{
    [Fact]
    public async Task Connections_may_end_by_themselves_in_the_moment_in_which_they_are_cut()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        await using var proxy = new FaultProxy(server.LocalEndpoint.ToString()!, seed: 1);
        for (int round = 0; round < 50; round++)
        {
            proxy.Fault = Fault.None;
            List<Socket> ends = [];
            for (int i = 0; i < 4; i++)
            {
                var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await client.ConnectAsync(IPEndPoint.Parse(proxy.Address));
                ends.Add(client);
                ends.Add(await server.AcceptSocketAsync().Within("the proxy connected to the server"));
            }

            Task closing = Task.Run(() => ends.ForEach(end => end.Dispose()));
            proxy.Fault = Fault.Cut;
            await closing;
            await Eventually.True(() => proxy.Open == 0, "the proxy holds no connection");
        }
    }
}
