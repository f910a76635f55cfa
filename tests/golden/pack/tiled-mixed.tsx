<?xml version="1.0" encoding="UTF-8"?>
<tileset version="1.8" tiledversion="1.8.2" name="tiles" tilewidth="8" tileheight="8" spacing="4" margin="2" tilecount="5" columns="3">
 <image source="tiles.png" width="38" height="26"/>
 <tile id="0">
  <properties>
   <property name="name" value="t_0"/>
  </properties>
 </tile>
 <tile id="1">
  <properties>
   <property name="name" value="t_1"/>
  </properties>
  <animation>
   <frame tileid="1" duration="101"/>
   <frame tileid="2" duration="102"/>
   <frame tileid="3" duration="103"/>
  </animation>
 </tile>
 <tile id="2">
  <properties>
   <property name="name" value="t_2"/>
  </properties>
 </tile>
 <tile id="3">
  <properties>
   <property name="name" value="t_3"/>
  </properties>
 </tile>
 <tile id="4">
  <properties>
   <property name="name" value="t_4"/>
  </properties>
 </tile>
 <wangsets>
  <wangset name="terrain" type="mixed" tile="-1">
   <wangcolor name="terrain" color="#ff0000" tile="-1" probability="1"/>
   <wangcolor name="ground" color="#00ff00" tile="-1" probability="1"/>
   <wangtile tileid="0" wangid="2,2,2,2,2,2,2,2"/>
   <wangtile tileid="1" wangid="1,2,2,2,2,2,2,2"/>
   <wangtile tileid="2" wangid="2,1,1,2,2,2,2,2"/>
   <wangtile tileid="3" wangid="1,1,1,1,2,2,2,2"/>
  </wangset>
 </wangsets>
</tileset>
