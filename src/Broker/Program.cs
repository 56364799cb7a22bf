using ProtoBridgeMQ.Broker.Hosting;

return await BrokerProgram.RunAsync(args, Console.Out);
